// What a shell makes of the text: the bytes, whatever they are.
#include "text/shell_file.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <random>

#include "sys/child.h"
#include "sys/file.h"

namespace {

std::string Written(absl::string_view bytes, int mode = 0600) {
  const auto folder = sys::TemporaryFolder::Make("shell_file");
  REQUIRE(folder.ok());
  const std::string path = absl::StrCat(folder->path(), "/it's here"),
                    script = absl::StrCat(folder->path(), "/script");
  REQUIRE(sys::CreateFile(script, text::ShellFile(path, bytes, mode)).ok());
  auto child = sys::Child::Spawn({"/bin/sh", script}, {});
  REQUIRE(child.ok());
  REQUIRE(child->Wait().code == 0);
  CHECK(sys::Stat(path)->mode == static_cast<uint32_t>(mode));
  return *sys::ReadFile(path);
}

TEST_CASE("shell file: a shell writes text and what is none", "[text]") {
  const std::string cases[] = {
      "",
      "a line\n",
      "no end",
      "$HOME `id` \\ ' \" % !\n",
      "!\n!!\nthe end marks are taken\n!\n",
      "\n",
      "-n",
      std::string("\0", 1),
      std::string("a\0b\n", 4),
      std::string("1\0002%s\\'\"\r\n\xff", 10),
      std::string(20'000, '%'),
  };
  for (const std::string& bytes : cases) {
    CAPTURE(bytes.substr(0, 40));
    CHECK(Written(bytes) == bytes);
  }
}

TEST_CASE("shell file: the file has its mode", "[text]") {
  CHECK(Written("x\n", 0644) == "x\n");
  CHECK(Written("x", 0711) == "x");
}

TEST_CASE("shell file: a shell writes any bytes", "[text]") {
  std::mt19937 random(7);
  for (int round = 0; round < 20; round++) {
    std::string bytes(random() % 30'000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    CHECK(Written(bytes) == bytes);
  }
}

}  // namespace
