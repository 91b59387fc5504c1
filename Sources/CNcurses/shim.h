// ncursesw for Swift. Its interface is largely macros and mutable globals, which Swift cannot import; each one the
// screen needs has a small inline function here. Nothing else lives in this target.
#ifndef WORKBENCH_CNCURSES_SHIM_H
#define WORKBENCH_CNCURSES_SHIM_H

#ifndef _XOPEN_SOURCE_EXTENDED
#define _XOPEN_SOURCE_EXTENDED 1
#endif
#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif

#include <ncurses.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

// From <term.h>, which would also define macros named `columns`, `lines` and the like.
typedef struct term TERMINAL;
extern TERMINAL *cur_term;
extern int setupterm(const char *name, int fd, int *error);
extern TERMINAL *set_curterm(TERMINAL *terminal);
extern int del_curterm(TERMINAL *terminal);

enum { wbn_bold = 1, wbn_dim = 2, wbn_underline = 4, wbn_reverse = 8 };

/// Puts one grapheme at (x, y) without moving the cursor or wrapping.
/// `scalars` holds at most 4 code points, the first one spacing; `attributes` is a set of wbn_ bits.
static inline int wbn_put(int y, int x, const uint32_t *scalars, int count, unsigned attributes, int pair) {
  wchar_t text[5] = {0};
  for (int i = 0; i < count && i < 4; i++) text[i] = (wchar_t)scalars[i];
  attr_t attrs = A_NORMAL;
  if (attributes & wbn_bold) attrs |= A_BOLD;
  if (attributes & wbn_dim) attrs |= A_DIM;
  if (attributes & wbn_underline) attrs |= A_UNDERLINE;
  if (attributes & wbn_reverse) attrs |= A_REVERSE;
  cchar_t cell;
  memset(&cell, 0, sizeof cell);
  if (setcchar(&cell, text, attrs, (short)pair, NULL) == ERR) return ERR;
  return mvwadd_wchnstr(stdscr, y, x, &cell, 1);
}

/// The next key: 0 none waiting, 1 a character in `*value`, 2 a KEY_ code in `*value`.
static inline int wbn_get(uint32_t *value) {
  wint_t key = 0;
  int kind = wget_wch(stdscr, &key);
  *value = (uint32_t)key;
  if (kind == OK) return 1;
  if (kind == KEY_CODE_YES) return 2;
  return 0;
}

static inline void wbn_prepare_input(void) {
  cbreak();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);
}

static inline int wbn_colours(void) { return has_colors() ? COLORS : 0; }
static inline int wbn_pairs(void) { return COLOR_PAIRS; }
static inline void wbn_clear(void) { wclear(stdscr); }
static inline void wbn_stage(void) { wnoutrefresh(stdscr); }
/// Paints everything anew at the next update, whatever ncurses believes the terminal shows.
static inline void wbn_forget(void) { clearok(curscr, TRUE); }
static inline void wbn_resize(int rows, int columns) { resizeterm(rows, columns); }

/// True when the terminfo entry `name` can place the cursor and clear the screen, which full-screen drawing needs.
static inline int wbn_can_draw(const char *name, int fd) {
  int error = 0;
  if (setupterm(name, fd, &error) != OK) return 0;
  char *cup = tigetstr((char *)"cup");
  int able = cup != NULL && cup != (char *)-1;
  TERMINAL *terminal = cur_term;
  set_curterm(NULL);
  del_curterm(terminal);
  return able;
}

/// Appends terminfo string `name` to `buffer` without its padding marks; returns the new length.
static inline size_t wbn_append_capability(const char *name, char *buffer, size_t length, size_t capacity) {
  const char *text = tigetstr((char *)name);
  if (text == NULL || text == (const char *)-1) return length;
  while (*text) {
    if (text[0] == '$' && text[1] == '<') {
      while (*text && *text != '>') text++;
      if (*text) text++;
      continue;
    }
    if (length + 1 >= capacity) return length;
    buffer[length++] = *text++;
  }
  return length;
}

#endif
