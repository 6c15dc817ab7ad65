#pragma once
#include <stddef.h>
#include <sys/time.h>
#include <hiredis/hiredis.h>
