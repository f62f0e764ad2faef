#include "base/bytes.h"

#include <catch2/catch.hpp>
#include <string>

using absl::string_view;

TEST_CASE("bytes: hexadecimal goes there and back", "[base]") {
  std::string all;
  for (int i = 0; i < 256; i++) all += static_cast<char>(i);
  CHECK(base::Hex(string_view("\x00\xff\x1a", 3)) == "00ff1a");
  CHECK(*base::FromHex(base::Hex(all)) == all);
  CHECK(*base::FromHex("00FF1A") == std::string("\x00\xff\x1a", 3));
  CHECK(*base::FromHex("") == "");
}

TEST_CASE("bytes: what is not hexadecimal is refused", "[base]") {
  for (const char* text : {"0", "0g", "0x", "00 ", " 00", "0\n", "--", "000"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(base::FromHex(text).status()));
  }
}

TEST_CASE("bytes: base64 is RFC 4648's, with padding", "[base]") {
  // Section 10's test vectors.
  const std::pair<const char*, const char*> kVectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : kVectors) {
    CHECK(base::Base64(plain) == coded);
    CHECK(*base::FromBase64(coded) == plain);
  }
  CHECK(base::Base64("\xfb\xff") == "+/8=");
  CHECK(base::Base64NoPad("f") == "Zg");
  CHECK(base::Base64NoPad("foo") == "Zm9v");
}

TEST_CASE("bytes: base64 has one way to write each value", "[base]") {
  // White space, no padding, too much of it, spare bits that are not zero, the
  // alphabet for file names, a zero byte.
  for (string_view text :
       {string_view("Zg"), string_view("Zg="), string_view("Zg==="),
        string_view("Zh=="), string_view("Z g=="), string_view("Zg==\n"),
        string_view("-_8="), string_view("Zg==Zg=="), string_view("="),
        string_view("Zm9v\0", 5), string_view("Zm9v!")}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(base::FromBase64(text).status()));
  }
}

TEST_CASE("bytes: numbers are laid out in the order asked for", "[base]") {
  std::string out;
  base::PutLe16(out, 0x0102);
  base::PutLe32(out, 0x01020304);
  base::PutLe64(out, 0x0102030405060708);
  base::PutBe32(out, 0xfffefdfc);
  base::PutBe64(out, 0x8002030405060708);
  CHECK(base::Hex(out) ==
        "0201"
        "04030201"
        "0807060504030201"
        "fffefdfc"
        "8002030405060708");
  CHECK(base::Le16(&out[0]) == 0x0102);
  CHECK(base::Le32(&out[2]) == 0x01020304);
  CHECK(base::Le64(&out[6]) == 0x0102030405060708);
  CHECK(base::Be32(&out[14]) == 0xfffefdfc);
  CHECK(base::Be64(&out[18]) == 0x8002030405060708);
}

TEST_CASE("bytes: escaped text is printable and on one line", "[base]") {
  CHECK(base::Escape("plain text: ok") == "plain text: ok");
  CHECK(base::Escape("a\nb\tc\\d") == "a\\nb\\tc\\\\d");
  CHECK(base::Escape(string_view("\0\r\x1b[2J\x7f\xc3\xa9", 8)) ==
        "\\x00\\x0d\\x1b[2J\\x7f\\xc3");
  std::string all;
  for (int i = 0; i < 256; i++) all += static_cast<char>(i);
  for (unsigned char c : base::Escape(all)) CHECK((c >= 0x20 && c < 0x7f));
}

TEST_CASE("reader: takes fields off the front", "[base]") {
  std::string bytes("\x07", 1);
  base::PutBe32(bytes, 5);
  base::PutBe64(bytes, 6);
  base::PutLe32(bytes, 7);
  base::PutLe64(bytes, 8);
  base::PutSshString(bytes, "name");
  bytes += "rest";
  base::Reader r(bytes);
  CHECK(r.U8() == 7);
  CHECK(r.Be32() == 5);
  CHECK(r.Be64() == 6);
  CHECK(r.Le32() == 7);
  CHECK(r.Le64() == 8);
  CHECK(r.SshString() == "name");
  CHECK(r.rest() == "rest");
  CHECK_FALSE(r.AtEnd());
  CHECK(r.Bytes(4) == "rest");
  CHECK(r.ok());
  CHECK(r.AtEnd());
}

TEST_CASE("reader: bytes cut short fail, and so does all that follows",
          "[base]") {
  std::string whole;
  base::PutBe32(whole, 1);
  base::PutSshString(whole, "abc");
  for (size_t n = 0; n < whole.size(); n++) {
    base::Reader r(string_view(whole).substr(0, n));
    r.Be32();
    r.SshString();
    CHECK_FALSE(r.ok());
    CHECK_FALSE(r.AtEnd());
    CHECK(r.U8() == 0);
    CHECK(r.Be64() == 0);
    CHECK(r.Bytes(0).empty());
    CHECK_FALSE(r.ok());
  }
}

TEST_CASE("reader: a forged length does not reach past the end", "[base]") {
  std::string forged;
  base::PutBe32(forged, 0xffffffff);
  forged += "abc";
  base::Reader r(forged);
  CHECK(r.SshString().empty());
  CHECK_FALSE(r.ok());
  base::Reader huge("abc");
  CHECK(huge.Bytes(SIZE_MAX).empty());
  CHECK_FALSE(huge.ok());
}
