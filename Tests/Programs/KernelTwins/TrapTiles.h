#ifndef TRAP_TILES_H
#define TRAP_TILES_H

#include <stdbool.h>

/// From here on, instructions on tiles are emulated, on a processor that has none. Whether that can be done.
bool trap_tiles(void);

#endif
