#include "isinit/kernel_words.h"

#include <catch2/catch.hpp>

namespace isinit {
namespace {

TEST_CASE("kernel words: the first tell, the table and the rescue shell",
          "[isinit]") {
  const KernelWords words = ReadKernelWords(
      "root=/dev/sda1 quiet isinit.group=web isinit.level=\"3\" "
      "isinit.table=/etc/other rescue\n");
  CHECK(words.group == "web");
  CHECK(words.level == "3");
  CHECK(words.table == "/etc/other");
  CHECK(words.rescue);
}

TEST_CASE("kernel words: what only looks like one is none", "[isinit]") {
  const KernelWords words =
      ReadKernelWords("xrescue single2 \"a rescue b\" noisinit.level=3 10");
  CHECK_FALSE(words.rescue);
  CHECK(words.level.empty());
  CHECK(ReadKernelWords("").group.empty());
  CHECK(ReadKernelWords("single").rescue);
  CHECK(ReadKernelWords("quiet S").rescue);
}

}  // namespace
}  // namespace isinit
