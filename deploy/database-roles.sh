#!/bin/sh
# Makes the product's database and its owner, who is no superuser, and the role of row-level security.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$ADS_PASSWORD" --username postgres --dbname postgres <<'SQL'
CREATE ROLE ads LOGIN PASSWORD :'password';
CREATE DATABASE ads OWNER ads;
CREATE ROLE ads_door;
GRANT ads_door TO ads WITH INHERIT FALSE, SET TRUE;
SQL
