#include "power/campaign_means.h"

namespace power {
namespace {

constexpr int kThreads = 8;  // of look-ups and programs that print secrets

}  // namespace

CampaignMeans::CampaignMeans(sys::Loop& loop, const std::string& run_folder,
                             const std::string& state_folder,
                             const SecretPlaces& secrets)
    : controllers(
          loop, [this](absl::string_view pcu) { sessions.Disconnected(pcu); }),
      pool(loop, kThreads),
      sessions(loop, run_folder,
               [this](absl::string_view pcu) {
                 return controllers.IsConnected(pcu);
               }),
      journal(loop, state_folder),
      reader(secrets) {}

}  // namespace power
