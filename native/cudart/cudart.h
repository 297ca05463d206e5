// The C interface of the major version this library is compiled for, and of the driver below it.
#pragma once

#include "generated/driver.h"
#if CUDART_MAJOR == 12
#include "generated/cudart12.h"
#else
#include "generated/cudart13.h"
#endif
