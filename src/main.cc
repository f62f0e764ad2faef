// A name leads to a command. The table is made of the names of the files in
// applets/, so that adding a file there is all there is to do.
#include <unistd.h>

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

int main(int argc, char** argv) {
  const int code =
      cli::FleetboxMain(absl::MakeConstSpan(kTable).subspan(1), argc, argv);
#ifdef NDEBUG
  // All is flushed. The libraries' last words would be said to nobody; the
  // sanitizers' are wanted.
  _exit(code);
#endif
  return code;
}
