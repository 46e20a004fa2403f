-- What is known about a flight's time in the air at its scheduled departure, one row per flight; no column of flights that
-- is an outcome. Outcomes of earlier days are in flights_history.
WITH last_weather AS (
    -- The newest observation an hour before departure: later ones were not published yet. After four hours it is no news.
    SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, w.* EXCLUDE (origin, observed_at, partition_key)
    FROM flights f
    ASOF JOIN weather w ON w.origin = f.origin AND w.observed_at <= f.scheduled_departure - INTERVAL 1 HOUR
    WHERE w.observed_at >= f.scheduled_departure - INTERVAL 4 HOUR
),
flown AS (
    -- What earlier days taught, as known when this day began. Cancelled and diverted flights have no time in the air.
    SELECT * FROM flights_history WHERE air_time_minutes IS NOT NULL
),
route_recent AS (
    -- The distance says how far it is, these say what winds blew on the way: of the season, of the week, of yesterday.
    SELECT origin, dest,
           avg(air_time_minutes) AS route_minutes_28d,
           avg(air_time_minutes) FILTER (WHERE days_ago <= 7) AS route_minutes_7d,
           avg(air_time_minutes) FILTER (WHERE days_ago = 1) AS route_minutes_1d
    FROM flown
    GROUP BY origin, dest
),
carrier_route_recent AS (
    -- Airlines fly the same route at speeds of their own.
    SELECT carrier, origin, dest, avg(air_time_minutes) AS carrier_route_minutes_28d
    FROM flown
    GROUP BY carrier, origin, dest
)
SELECT
    -- The request key. `flight` and `scheduled_departure` identify and do not predict: see not_features in use_case.yaml.
    f.carrier,
    f.flight,
    f.origin,
    f.scheduled_departure,

    f.dest,
    f.tail_number,
    f.distance_miles,
    hour(f.scheduled_departure) AS departure_hour,
    isodow(f.scheduled_departure) AS day_of_week,  -- Monday is 1
    -- From gate to gate; the zones of both airports are in it, which the destination tells apart.
    (f.scheduled_arrival_minute - 60 * hour(f.scheduled_departure) - minute(f.scheduled_departure) + 1440) % 1440
        AS scheduled_minutes,

    w.temperature_f,
    w.wind_direction_degrees,
    w.wind_speed_mph,
    w.precipitation_inches,
    w.pressure_millibars,
    w.visibility_miles,

    -- The registry as it was on that day; one flight in five has an aircraft that it does not know.
    year(f.scheduled_departure) - p.year_built AS aircraft_age_years,
    p.model AS aircraft_model,
    p.seats AS aircraft_seats,

    -- Entity features, kept online: see `online` in use_case.yaml.
    r.route_minutes_28d,
    r.route_minutes_7d,
    r.route_minutes_1d,
    c.carrier_route_minutes_28d
FROM flights f
LEFT JOIN last_weather w USING (carrier, flight, origin, scheduled_departure)
LEFT JOIN planes p ON p.tail_number = f.tail_number AND p.partition_key = f.partition_key
LEFT JOIN route_recent r USING (origin, dest)
LEFT JOIN carrier_route_recent c USING (carrier, origin, dest)
ORDER BY f.carrier, f.flight, f.origin, f.scheduled_departure
