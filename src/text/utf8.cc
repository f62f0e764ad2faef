#include "text/utf8.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace text {
namespace {

struct Range {
  char32_t first, last;
};

// Unicode 15: general categories Mn and Me, and the format characters that
// take no room, for the scripts terminals can draw at all.
constexpr Range kNoWidth[] = {
    {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF},
    {0x05C1, 0x05C2},   {0x05C4, 0x05C5}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0670, 0x0670},   {0x06D6, 0x06DC}, {0x06DF, 0x06E4}, {0x0900, 0x0902},
    {0x093C, 0x093C},   {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E}, {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF},
    {0x200B, 0x200F},   {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x206F},
    {0x20D0, 0x20F0},   {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0xE0100, 0xE01EF},
};
// East Asian Width W and F (Unicode Annex 11).
constexpr Range kTwoWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},
    {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},
    {0x2693, 0x2693},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},
    {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
    {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},
    {0x26F5, 0x26F5},   {0x26FA, 0x26FA},   {0x26FD, 0x26FD},
    {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},
    {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},
    {0x2B55, 0x2B55},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},
    {0x4E00, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF},
    {0x1B000, 0x1B2FB}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3},
    {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F5FB, 0x1F64F},
    {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D5, 0x1F6D7},
    {0x1F6DC, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC},
    {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1F9FF}, {0x1FA70, 0x1FAFF},
    {0x20000, 0x3FFFD},
};

template <size_t N>
bool Holds(const Range (&ranges)[N], char32_t rune) {
  const Range* after = std::upper_bound(
      std::begin(ranges), std::end(ranges), rune,
      [](char32_t r, const Range& range) { return r < range.first; });
  return after != std::begin(ranges) && rune <= std::prev(after)->last;
}

// The bytes of a terminal's control language, and the marks that turn the
// direction of writing, with which a name can look like another name.
bool MovesCursor(char32_t r) {
  return r < 0x20 || (r >= 0x7F && r < 0xA0) || r == 0x200E || r == 0x200F ||
         (r >= 0x2028 && r <= 0x202E) || (r >= 0x2066 && r <= 0x2069);
}

}  // namespace

bool TakeRune(absl::string_view& rest, char32_t& rune) {
  const auto byte = [&](size_t i) -> uint8_t {
    return i < rest.size() ? static_cast<uint8_t>(rest[i]) : 0;
  };
  const uint8_t lead = byte(0);
  rune = lead;
  const size_t more = lead < 0x80   ? 0
                      : lead < 0xC2 ? 4  // a continuation, or overlong
                      : lead < 0xE0 ? 1
                      : lead < 0xF0 ? 2
                      : lead < 0xF5 ? 3
                                    : 4;
  bool ok = more < 4;
  if (ok && more > 0) {
    rune = lead & (0x3F >> more);
    for (size_t i = 1; i <= more; i++) {
      ok = ok && (byte(i) & 0xC0) == 0x80;
      rune = rune << 6 | (byte(i) & 0x3F);
    }
    if (more == 2) ok = ok && rune >= 0x800 && (rune < 0xD800 || rune > 0xDFFF);
    if (more == 3) ok = ok && rune >= 0x10000 && rune <= 0x10FFFF;
  }
  rest.remove_prefix(ok ? more + 1 : 1);
  return ok;
}

void AppendRune(std::string& out, char32_t r) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (r < 0x80) {
    put(r);
  } else if (r < 0x800) {
    put(0xC0 | r >> 6);
    put(0x80 | (r & 0x3F));
  } else if (r < 0x10000) {
    put(0xE0 | r >> 12);
    put(0x80 | (r >> 6 & 0x3F));
    put(0x80 | (r & 0x3F));
  } else {
    put(0xF0 | r >> 18);
    put(0x80 | (r >> 12 & 0x3F));
    put(0x80 | (r >> 6 & 0x3F));
    put(0x80 | (r & 0x3F));
  }
}

bool IsUtf8(absl::string_view bytes) {
  char32_t rune;
  while (!bytes.empty()) {
    if (!TakeRune(bytes, rune)) return false;
  }
  return true;
}

int RuneWidth(char32_t rune) {
  if (rune < 0x300) return 1;
  if (Holds(kNoWidth, rune)) return 0;
  return Holds(kTwoWide, rune) ? 2 : 1;
}

size_t Width(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    char32_t rune;
    width += TakeRune(text, rune) ? RuneWidth(rune) : 1;
  }
  return width;
}

std::string Cut(absl::string_view text, size_t columns) {
  if (Width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::string out;
  absl::string_view rest = text;
  for (size_t width = 0; !rest.empty();) {
    const absl::string_view before = rest;
    char32_t rune;
    width += TakeRune(rest, rune) ? RuneWidth(rune) : 1;
    if (width > columns - 1) break;
    absl::StrAppend(&out, before.substr(0, before.size() - rest.size()));
  }
  return out + "\xE2\x80\xA6";
}

std::string Clean(absl::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const absl::string_view before = bytes;
    char32_t rune;
    const bool ok = TakeRune(bytes, rune);
    const absl::string_view taken =
        before.substr(0, before.size() - bytes.size());
    if (ok && !MovesCursor(rune)) {
      absl::StrAppend(&out, taken);
    } else if (rune == '\n') {
      out += "\\n";
    } else if (rune == '\t') {
      out += "\\t";
    } else {
      for (char c : taken) {
        absl::StrAppend(&out, "\\x",
                        absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
      }
    }
  }
  return out;
}

}  // namespace text
