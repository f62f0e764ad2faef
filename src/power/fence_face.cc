#include "power/fence_face.h"

#include <optional>
#include <utility>

#include "power/fence_run.h"

namespace power {
namespace {

class Runner {
 public:
  Runner(sys::Loop& loop, Service& service, const FenceOptions& options,
         const FenceOutput& output)
      : loop_(loop),
        service_(service),
        output_(output),
        run_(options, service) {}

  int Run() {
    Take(run_.Begin());
    while (!code_ && loop_.Turn(absl::InfiniteDuration())) {
    }
    // Nothing left to wait for, and no end: that is no success.
    return code_.value_or(kFenceFailed);
  }

 private:
  void Take(FenceRun::Step step) {
    for (const std::string& line : step.complaints) output_.complain(line);
    if (!step.print.empty()) output_.print(step.print);
    if (step.start) Start(*std::move(step.start));
    if (step.wait) {
      loop_.After(*step.wait, [this] { Take(run_.Waited()); });
    }
    if (step.code) code_ = step.code;
  }

  void Start(ServiceOrder order) {
    service_.Start(
        std::move(order),
        {.result = [this](const ServiceResult& r) { run_.Result(r); },
         .ended = [this] { Take(run_.Ended()); },
         .telemetry =
             [this](absl::string_view line) { output_.complain(line); }});
  }

  sys::Loop& loop_;
  Service& service_;
  const FenceOutput& output_;
  FenceRun run_;
  std::optional<int> code_;
};

}  // namespace

int RunFence(sys::Loop& loop, Service& service, const FenceOptions& options,
             const FenceOutput& output) {
  return Runner(loop, service, options, output).Run();
}

}  // namespace power
