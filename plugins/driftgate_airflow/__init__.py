"""How Airflow does it: thin operators, sensors and triggers around the domain, and the builders that wire them."""
