#include "text/m4_eval.h"

#include <catch2/catch.hpp>

TEST_CASE("m4 eval: sums are 32 bits and wrap around", "[text]") {
  CHECK(text::EvaluateM4("2147483647+1").value == INT32_MIN);
  CHECK(text::EvaluateM4("-2147483648/-1").value == INT32_MIN);
  CHECK(text::EvaluateM4("-2147483648%-1").value == 0);
  CHECK(text::EvaluateM4("65536*65536").value == 0);
  CHECK(text::EvaluateM4("3**40").value == 689956897);
  CHECK(text::EvaluateM4("1<<33").value == 2);
  CHECK(text::EvaluateM4("-1>>31").value == -1);
}

TEST_CASE("m4 eval: operators bind as GNU m4 has it", "[text]") {
  CHECK(text::EvaluateM4("-2**2").value == 4);
  CHECK(text::EvaluateM4("2**3**2").value == 512);
  CHECK(text::EvaluateM4("1==1==1").value == 1);
  CHECK(text::EvaluateM4("3>2>1").value == 0);
  CHECK(text::EvaluateM4("1|2^3&4").value == 3);
  CHECK(text::EvaluateM4("1<<2+1").value == 8);
  CHECK(text::EvaluateM4("7/2*2-1").value == 5);
  CHECK(text::EvaluateM4("!0+1").value == 2);
}

TEST_CASE("m4 eval: what && and || do not need may be wrong", "[text]") {
  CHECK(text::EvaluateM4("0&&1/0").error == "");
  CHECK(text::EvaluateM4("1||2**-1").value == 1);
  CHECK(text::EvaluateM4("1&&1/0").error == "divide by zero in eval");
  CHECK(text::EvaluateM4("0&&a").error == "bad expression in eval (bad input)");
}

TEST_CASE("m4 eval: a wrong expression says what is wrong with it", "[text]") {
  CHECK(text::EvaluateM4("1+").error == "bad expression in eval");
  CHECK(text::EvaluateM4("(1").error ==
        "bad expression in eval (missing right parenthesis)");
  CHECK(text::EvaluateM4("1 2").error ==
        "bad expression in eval (excess input)");
  CHECK(text::EvaluateM4("1?2").error == "bad expression in eval (bad input)");
  CHECK(text::EvaluateM4("1+=2").error == "invalid operator in eval");
  CHECK(text::EvaluateM4("1%0").error == "modulo by zero in eval");
  CHECK(text::EvaluateM4("2**-1").error == "negative exponent in eval");
  CHECK(text::EvaluateM4("").error == "bad expression in eval");
  CHECK(text::EvaluateM4("08").error ==
        "bad expression in eval (excess input)");
}

TEST_CASE("m4 eval: numbers have any radix", "[text]") {
  CHECK(text::EvaluateM4("0r36:zZ").value == 1295);
  CHECK(text::EvaluateM4("0r1:00111").value == 3);
  CHECK(text::EvaluateM4("0b101+0x1F+010").value == 44);
  CHECK(text::EvaluateM4("0r37:1").error == "bad expression in eval");
  CHECK(text::M4Digits(-10, 2, 8, 100) == "-00001010");
  CHECK(text::M4Digits(INT32_MIN, 10, 1, 100) == "-2147483648");
  CHECK(text::M4Digits(-3, 1, 5, 100) == "-00111");
  CHECK(text::M4Digits(0, 36, 0, 100) == "0");
}
