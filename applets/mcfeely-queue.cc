#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "mcfeely/classic.h"
#include "mcfeely/client_options.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'l', "log", "FILE", "append there why a job was not queued"},
      {'S', "server", "ADDR", "the server"},
      {0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"},
      {'i', "identity", "FILE", "the key that signs the job"},
      {0, "trust", "FILE", "whose keys are trusted"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_queue = {
    .name = "mcfeely-queue",
    .summary = "put a job into the queue, as the original's callers do",
    .usage = "[OPTION ...]",
    .options = kOptions,
    .exits = "1  the job is not queued, for whatever reason\n",
    .usage_exit = 1,
    .environment = "MCFEELY_QUEUE",
    .run = Run,
};

// All three standard descriptors are read, so there is none to say anything on.

namespace {

absl::StatusOr<uint64_t> Queue(const cli::Call& call) {
  TRY(call.NoOperands());
  // In this order, each to its end: a caller fills one pipe after the other.
  TRY_ASSIGN(const std::string tasks, sys::ReadFd(0, base::kMaxBodyBytes));
  TRY_ASSIGN(const std::string waiters, sys::ReadFd(1, base::kMaxBodyBytes));
  TRY_ASSIGN(const std::string texts, sys::ReadFd(2, base::kMaxBodyBytes));
  TRY_ASSIGN(const mcfeely::Job job,
             mcfeely::ParseClassicJob(
                 {.tasks = tasks, .waiters = waiters, .texts = texts}));
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  TRY_ASSIGN(const std::string parcel,
             client->SealJob(mcfeely::ToMessage(job)));
  return client->Deliver(parcel);
}

void Note(const cli::Call& call, const absl::Status& why) {
  if (!call.Has("log")) return;
  const auto file = sys::Open(call.Get("log"),
                              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (!file.ok()) return;
  sys::WriteAll(file->get(),
                absl::StrCat(base::FormatTime(sys::WallNow()), " ",
                             call.program, ": ", why.message(), "\n"))
      .IgnoreError();
}

absl::StatusOr<int> Run(const cli::Call& call) {
  const absl::StatusOr<uint64_t> job = Queue(call);
  if (job.ok()) return 0;
  Note(call, job.status());
  return 1;
}

}  // namespace
