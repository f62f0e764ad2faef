// A name leads to a command. The table is made of the names of the files in
// applets/, so that adding a file there is all there is to do.
#include "cli/applet.h"
#include "cli/multi.h"

#define APPLET(name, symbol) extern constinit const cli::Applet symbol;
#include "applets.inc"
#undef APPLET

namespace {

// The first row keeps the table from being empty; it is not part of it.
constexpr cli::Row kTable[] = {
    {"", nullptr},
#define APPLET(name, symbol) {name, &symbol},
#include "applets.inc"
#undef APPLET
};

}  // namespace

// Abseil's and protobuf's archives make std::cout and its locale before main.
// Nobody here uses them: these take the place of std::ios_base::Init's
// constructor and destructor (Itanium C++ ABI names), and the start is 20 us
// shorter.
extern "C" {
void MakeNoStreams() __asm__("_ZNSt8ios_base4InitC1Ev");
void MakeNoStreams() {}
void EndNoStreams() __asm__("_ZNSt8ios_base4InitD1Ev");
void EndNoStreams() {}
}

int main(int argc, char** argv) {
  return cli::FleetboxMain(absl::MakeConstSpan(kTable).subspan(1), argc, argv);
}
