-- What is known about a flight at its scheduled departure, one row per flight; no column of flights that is an outcome.
-- Outcomes of earlier days are in flights_history.
WITH last_weather AS (
    -- The newest observation an hour before departure: later ones were not published yet. After four hours it is no news.
    SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, w.* EXCLUDE (origin, observed_at, partition_key)
    FROM flights f
    ASOF JOIN weather w ON w.origin = f.origin AND w.observed_at <= f.scheduled_departure - INTERVAL 1 HOUR
    WHERE w.observed_at >= f.scheduled_departure - INTERVAL 4 HOUR
),
landed AS (
    -- What earlier days taught, as known when this day began. A delay of a day says no more than one of three hours.
    SELECT *, (arr_delay_minutes > 15)::INTEGER AS late, greatest(-30, least(arr_delay_minutes, 180)) AS minutes
    FROM flights_history
    WHERE arr_delay_minutes IS NOT NULL
),
overall AS (
    SELECT avg(late) AS late_share, avg(minutes) AS delay_minutes FROM landed
),
aircraft_recent AS (
    -- Pulled towards all flights as if five more of these had been flown: most aircraft fly here once a day or less.
    SELECT tail_number,
           (sum(late) + 5 * any_value(late_share)) / (count(*) + 5) AS aircraft_late_share_28d,
           max({'at': scheduled_departure, 'minutes': minutes}).minutes AS aircraft_last_delay_minutes
    FROM landed, overall
    GROUP BY tail_number
),
flight_recent AS (
    SELECT carrier, flight, origin,
           (sum(late) + 5 * any_value(late_share)) / (count(*) + 5) AS flight_late_share_28d,
           (sum(minutes) + 5 * any_value(delay_minutes)) / (count(*) + 5) AS flight_delay_minutes_28d
    FROM landed, overall
    GROUP BY carrier, flight, origin
)
SELECT
    -- The request key, and the key of the aircraft's history. `flight`, `scheduled_departure` and `tail_number` identify and
    -- do not predict: see not_features in use_case.yaml.
    f.carrier,
    f.flight,
    f.origin,
    f.scheduled_departure,
    f.tail_number,

    f.dest,
    f.distance_miles,
    f.scheduled_arrival_minute,
    hour(f.scheduled_departure) AS departure_hour,
    60 * hour(f.scheduled_departure) + minute(f.scheduled_departure) AS departure_minute_of_day,
    isodow(f.scheduled_departure) AS day_of_week,  -- Monday is 1

    w.temperature_f,
    w.dew_point_f,
    w.humidity_percent,
    w.wind_direction_degrees,
    w.wind_speed_mph,
    w.wind_gust_mph,
    w.precipitation_inches,
    w.pressure_millibars,
    w.visibility_miles,

    -- The registry as it was on that day; one flight in five has an aircraft that it does not know.
    year(f.scheduled_departure) - p.year_built AS aircraft_age_years,
    p.manufacturer AS aircraft_manufacturer,
    p.seats AS aircraft_seats,
    p.engines AS aircraft_engines,

    -- Entity features, kept online: see `online` in use_case.yaml.
    a.aircraft_late_share_28d,
    a.aircraft_last_delay_minutes,
    r.flight_late_share_28d,
    r.flight_delay_minutes_28d
FROM flights f
LEFT JOIN last_weather w USING (carrier, flight, origin, scheduled_departure)
LEFT JOIN planes p ON p.tail_number = f.tail_number AND p.partition_key = f.partition_key
LEFT JOIN aircraft_recent a ON a.tail_number = f.tail_number
LEFT JOIN flight_recent r USING (carrier, flight, origin)
ORDER BY f.carrier, f.flight, f.origin, f.scheduled_departure
