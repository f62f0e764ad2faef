#include "power/campaign_means.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "sys/clock.h"

namespace power {
namespace {

constexpr int kThreads = 8;  // of look-ups and programs that print secrets
// To log out. Not every engine tells when its last session has ended.
constexpr absl::Duration kLogOutTime = absl::Seconds(5);
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(2);

}  // namespace

CampaignMeans::CampaignMeans(sys::Loop& loop, const std::string& run_folder,
                             const std::string& state_folder,
                             const SecretPlaces& secrets)
    : controllers(
          loop,
          {.known_hosts =
               absl::StrCat(secrets.store_folder, "/pcu_known_hosts")},
          [this](absl::string_view pcu) { sessions.Disconnected(pcu); }),
      pool(loop, kThreads),
      sessions(loop, run_folder,
               [this](absl::string_view pcu) {
                 return controllers.IsConnected(pcu);
               }),
      journal(loop, state_folder),
      reader(secrets),
      loop_(loop) {}

CampaignMeans::~CampaignMeans() { loop_.Cancel(timer_); }

void CampaignMeans::LogOut(std::function<void()> done) {
  logged_out_ = std::move(done);
  log_out_by_ = sys::SteadyNow() + kLogOutTime;
  controllers.Finish();
  LookWhoIsLeft();
}

void CampaignMeans::GiveUpLogOut() {
  has_given_up_ = true;
  LookWhoIsLeft();
}

void CampaignMeans::LookWhoIsLeft() {
  loop_.Cancel(std::exchange(timer_, 0));
  if (logged_out_ == nullptr) return;
  if (controllers.connections() > 0 && !has_given_up_ &&
      sys::SteadyNow() < log_out_by_) {
    timer_ = loop_.After(kBetweenLooks, [this] {
      timer_ = 0;
      LookWhoIsLeft();
    });
    return;
  }
  std::exchange(logged_out_, nullptr)();
}

}  // namespace power
