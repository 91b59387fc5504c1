// Runs the program's own AMX code on a processor without AMX: every instruction on tiles is an illegal one there, and the
// handler of that signal does its work on emulated tiles and goes on behind it. So what the compiler made of the kernels is
// checked, not another compilation of them. x86-64 Linux.
#define _GNU_SOURCE
#include "TrapTiles.h"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include "TileEmulation.h"

/// General registers as instructions number them.
static const int numbers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/// An instruction's memory operand: address, and what its index register holds, scaled.
typedef struct place {
  char *at;
  int64_t index;
  /// Bytes of the operand behind the ModRM byte.
  int length;
} place;

/// `extend` holds the VEX prefix's R, X and B, inverted back.
static place find_place(const uint8_t *modrm, int extend, const greg_t *registers) {
  const int mode = modrm[0] >> 6, low = modrm[0] & 7;
  const uint8_t *next = modrm + 1;
  place found = {0};
  int64_t base = 0;
  int32_t offset = 0;
  bool wide = mode == 2;
  if (low == 4) {
    const int sib = *next++, index = (sib >> 3 & 7) | (extend & 2 ? 8 : 0);
    if (index != 4) found.index = registers[numbers[index]] << (sib >> 6);
    if ((sib & 7) == 5 && mode == 0)
      wide = true;
    else
      base = registers[numbers[(sib & 7) | (extend & 1 ? 8 : 0)]];
  } else if (low == 5 && mode == 0) {
    tile_fault("an address that counts from the instruction, which this does not know", -1);
  } else {
    base = registers[numbers[low | (extend & 1 ? 8 : 0)]];
  }
  if (wide) {
    memcpy(&offset, next, 4);
    next += 4;
  } else if (mode == 1) {
    offset = (int8_t)*next++;
  }
  found.at = (char *)(uintptr_t)(base + offset);
  found.length = (int)(next - modrm - 1);
  return found;
}

static void on_illegal(int signal, siginfo_t *information, void *context) {
  (void)signal, (void)information;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)(uintptr_t)registers[REG_RIP];
  // Three bytes of VEX with the 0F38 map, 128 bits and W0; then opcode and ModRM.
  if (code[0] != 0xc4 || (code[1] & 31) != 2 || (code[2] & 0x84)) tile_fault("an illegal instruction that is no tile's", -1);
  const int extend = ~code[1] >> 5 & 7, prefix = code[2] & 3, third = ~code[2] >> 3 & 15, modrm = code[4];
  const int tile = modrm >> 3 & 7;
  const bool memory = modrm >> 6 != 3;
  place at = {0};
  if (memory) at = find_place(code + 4, extend, registers);
  enum { NONE = 0, F3 = 2, F2 = 3 };
  if (code[3] == 0x49 && prefix == NONE && memory)
    tiles_set(at.at);
  else if (code[3] == 0x49 && prefix == NONE && modrm == 0xc0)
    tiles_end();
  else if (code[3] == 0x49 && prefix == F2 && !memory)
    tile_zero(tile);
  else if (code[3] == 0x4b && prefix == F2 && memory)
    tile_load(tile, at.at, at.index);
  else if (code[3] == 0x4b && prefix == F3 && memory)
    tile_store(tile, at.at, at.index);
  else if (code[3] == 0x5c && prefix == F3 && !memory)
    tile_add_pairs(tile, modrm & 7, third);
  else
    tile_fault("an instruction that the kernels have no business to use", tile);
  registers[REG_RIP] += 5 + at.length;
}

bool trap_tiles(void) {
  struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
  return sigaction(SIGILL, &action, NULL) == 0;
}
#else
bool trap_tiles(void) { return false; }
#endif
