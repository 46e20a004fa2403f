-- What is known about a flight at its scheduled departure, one row per flight; no column of flights that is an outcome.
WITH last_weather AS (
    -- The newest observation an hour before departure: later ones were not published yet. After four hours it is no news.
    SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, w.* EXCLUDE (origin, observed_at, partition_key)
    FROM flights f
    ASOF JOIN weather w ON w.origin = f.origin AND w.observed_at <= f.scheduled_departure - INTERVAL 1 HOUR
    WHERE w.observed_at >= f.scheduled_departure - INTERVAL 4 HOUR
)
SELECT
    -- The request key. `flight` and `scheduled_departure` identify and do not predict: see not_features in use_case.yaml.
    f.carrier,
    f.flight,
    f.origin,
    f.scheduled_departure,

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
    p.engines AS aircraft_engines
FROM flights f
LEFT JOIN last_weather w USING (carrier, flight, origin, scheduled_departure)
LEFT JOIN planes p ON p.tail_number = f.tail_number AND p.partition_key = f.partition_key
ORDER BY f.carrier, f.flight, f.origin, f.scheduled_departure
