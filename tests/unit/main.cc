// Under sanitizers g++ 12 sees uninitialised members in std::regex, which
// Catch2 compiles here.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
