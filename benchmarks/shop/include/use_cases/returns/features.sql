-- Every purchase with its country's returns so far.
WITH country_recent AS (
    SELECT country, avg(CASE WHEN returned THEN 1.0 ELSE 0.0 END) AS country_returned_share, avg(amount_eur) AS country_amount_eur
    FROM events_history
    GROUP BY country
)
SELECT
    e.event, e.occurred_at, e.country, e.channel, e.amount_eur, e.quantity, e.discount_percent, e.session_seconds,
    e.amount_eur * e.quantity AS basket_eur,
    hour(e.occurred_at) AS hour,
    c.country_returned_share,
    c.country_amount_eur
FROM events e
LEFT JOIN country_recent c USING (country)
