#include "mcfeely/notify.h"

#include <utility>

#include "base/status.h"
#include "mcfeely/comm.h"
#include "net/mail.h"

namespace mcfeely {

void Notify(sys::Loop& loop, const std::string& folder, const std::string& name,
            std::vector<std::string> environment, std::string text,
            std::function<void(absl::Status)> done) {
  const absl::StatusOr<SafeProgram> program = OpenSafeProgram(folder, name);
  if (!program.ok()) {
    loop.Post(
        [done, why = base::Context(program.status(), name)] { done(why); });
    return;
  }
  environment.insert(
      environment.end(),
      {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
       "LANG=C.UTF-8"});
  const bool script = !program->path.empty();
  net::FeedProgram(loop,
                   {.words = {script ? program->path : name},
                    .executable = script ? -1 : program->file.get(),
                    .environment = &environment,
                    .folder = "/"},
                   std::move(text), std::move(done));
}

}  // namespace mcfeely
