SELECT
    r.ride, r.started_at, r.distance_km,
    r.distance_km * 1000 AS distance_m,
    1000 * x.distance_km AS metres_again,
    length(r.passenger) AS name_length
FROM rides r JOIN rides x USING (ride)
