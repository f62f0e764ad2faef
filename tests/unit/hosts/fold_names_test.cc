#include "hosts/fold_names.h"

#include <catch2/catch.hpp>

using hosts::FoldNames;

TEST_CASE("fold names: numbers become ranges", "[hosts]") {
  CHECK(FoldNames({}) == "");
  CHECK(FoldNames({"web"}) == "web");
  CHECK(FoldNames({"web1"}) == "web1");
  CHECK(FoldNames({"web1", "web2", "web3", "web5"}) == "web[1-3,5]");
  CHECK(FoldNames({"web5", "web1", "db"}) == "web[1,5],db");
  CHECK(FoldNames({"web9", "web10", "web11"}) == "web[9-11]");
}

TEST_CASE("fold names: leading zeros stay", "[hosts]") {
  CHECK(FoldNames({"web08", "web09", "web10"}) == "web[08-10]");
  CHECK(FoldNames({"web08", "web8"}) == "web08,web8");
  CHECK(FoldNames({"n007", "n07", "n7"}) == "n007,n07,n7");
  CHECK(FoldNames({"web0", "web1"}) == "web[0-1]");
  CHECK(FoldNames({"web00"}) == "web00");
}

TEST_CASE("fold names: the number is the last one before the first dot",
          "[hosts]") {
  CHECK(FoldNames({"r1n1.lab2.org", "r1n2.lab2.org", "r2n1.lab2.org"}) ==
        "r1n[1-2].lab2.org,r2n1.lab2.org");
  CHECK(FoldNames({"a1b.x", "a2b.x", "a.1", "a.2"}) == "a[1-2]b.x,a.1,a.2");
  CHECK(FoldNames({"1", "2"}) == "[1-2]");
  CHECK(FoldNames({"h1234567890123456", "h1234567890123457"}) ==
        "h1234567890123456,h1234567890123457");
}

TEST_CASE("fold names: a name that comes twice is there once", "[hosts]") {
  CHECK(FoldNames({"web1", "web1"}) == "web1");
  CHECK(FoldNames({"web", "web"}) == "web");
}
