#pragma once
#include <libpq-fe.h>

// Macros that are characters are not imported; the parts of an error's report are such.
static const int weave_pg_sqlstate = PG_DIAG_SQLSTATE;
static const int weave_pg_primary = PG_DIAG_MESSAGE_PRIMARY;
static const int weave_pg_detail = PG_DIAG_MESSAGE_DETAIL;
static const int weave_pg_constraint = PG_DIAG_CONSTRAINT_NAME;
static const int weave_pg_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
