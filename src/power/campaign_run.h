// Carries a campaign out: secrets, names, locks and the journal around what the
// engines do.
//
// Before a batch goes to its engine it needs, in this order: credentials that
// the device has not refused lately, an address, the lock of that end point,
// and, when it switches, a line in the journal. Each may take its time and
// holds up nobody else.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "power/campaign.h"
#include "power/campaign_means.h"
#include "power/journal.h"
#include "power/lockout_file.h"
#include "power/way_in.h"
#include "sys/loop.h"
#include "wire/sha256.h"

namespace power {

// What a person is asked for.
std::string SecretPrompt(const Pcu& pcu);
std::string PrivacyPrompt(const Pcu& pcu);

class CampaignRun {
 public:
  // Beside the campaign's PCUs.
  struct RunPcu {
    const Pcu* pcu = nullptr;  // outlives the run, as do the specifications
    std::vector<WayIn> ways = {};
    std::vector<std::string> plugs = {};
  };
  struct Options {
    std::string run_folder = DefaultRunFolder();
    std::string state_folder = DefaultStateFolder();
    SecretPlaces secrets = {};
    absl::Duration connect_timeout = absl::Seconds(5);
    bool ignores_lockout = false;
    std::string record = {};  // where a dialogue is kept; empty: nowhere
    std::string via = {};     // for the journal: by which face we were asked
    std::string login = {};   // likewise, by whom; empty: who has started us
  };
  struct Callbacks {
    std::function<void(size_t host, const HostResult& result)> ended;
    // Of what is journaled (own_action.h) the same once more, for a log: a
    // little later, so that whoever asked does not wait for it. Where there is
    // one, only it is told the name of the record.
    std::function<void(const HostResult& result)> log = {};
    // Something a person may want to know.
    std::function<void(std::string line)> note;
    // Empty: nobody looks.
    std::function<void(absl::string_view pcu, absl::string_view line)> trace;
    std::function<void()> told = {};  // every host has ended
    std::function<void()> done;       // and all is written
  };

  // Several that share means go on side by side, and leave connections as
  // their PCUs' settings have it. One without them logs out everywhere before
  // it is done.
  CampaignRun(sys::Loop& loop, CampaignRequest request,
              std::vector<RunPcu> pcus, Options options, Callbacks callbacks,
              std::shared_ptr<CampaignMeans> means = nullptr);
  ~CampaignRun();
  CampaignRun(const CampaignRun&) = delete;

  // Asks people for what only they know, then begins.
  void Start();
  void Interrupt();
  void Abandon();

  const Campaign& campaign() const { return campaign_; }

 private:
  using BatchId = Campaign::BatchId;
  struct Under {  // a batch
    size_t pcu = 0;
    PcuQueue::Batch batch = {};
    std::vector<Campaign::Numbers> hosts = {};
    std::vector<size_t> begins = {};
    absl::Time until = absl::InfiniteFuture();  // the lock must be had
    std::string address = {};
    std::optional<EndPoint> end_point = {};
    int session = -1;            // of the end point
    PcuSessions::Wait wait = 0;  // for one
    Controller* engine = nullptr;
    Controller::Ticket ticket = 0;
    std::optional<wire::Sha256Sum> said = {};
    std::shared_ptr<const std::string> digest = {};  // of that, once wanted
    size_t open = 0;                                 // orders
    sys::Loop::Timer timer = 0;
  };
  struct PcuSecrets {
    std::optional<absl::StatusOr<HeldSecret>> secret = {}, privacy = {};
    std::vector<BatchId> waiting = {};
    bool is_asked = false;
  };
  struct Name {  // that is looked up
    std::optional<absl::StatusOr<std::vector<std::string>>> addresses = {};
    std::vector<BatchId> waiting = {};
  };
  struct Kept {  // of a host, in the journal
    std::optional<RecordId> record = {};
    std::shared_ptr<const std::string> digest = {};  // of the dialogue
  };
  void ApplySoon();                       // what was gathered
  void Apply(Campaign::Effects effects);  // behind what was gathered before
  void SetTimer();
  void StartBatch(Campaign::Start start);
  void CancelBatch(BatchId id);
  void Release(size_t pcu);
  void HostEnded(Campaign::HostEnded&& ended);
  void KeepEnds();
  void EndIsKept(const absl::Status& status);

  // The steps of a batch; each leads to the next.
  void GetSecrets(BatchId id);
  void OnSecrets(BatchId id);
  void GetAddress(BatchId id);
  void OnAddress(BatchId id, std::string address);
  void GetLock(BatchId id);
  void OnLock(BatchId id, const absl::StatusOr<int>& session);
  void WriteJournal(BatchId id);
  void GoAheadSoon(BatchId id);
  void PostGoAhead();
  void GoAhead(BatchId id);

  void ReadSecrets(size_t pcu, SecretReader& reader);
  std::optional<Failure> CheckSecrets(const Under& under) const;
  // Ends all orders that way, soon.
  void FailBatch(BatchId id, std::optional<Failure> failure,
                 VerifyLevel verified = VerifyLevel::kNothing);
  void OrderEnded(BatchId id, size_t order, const PlugResult& result);
  void NoteCredentials(size_t pcu, const PlugResult& result);
  void MaybeDone();
  void Note(std::string line) const;

  sys::Loop& loop_;
  Campaign campaign_;
  const std::vector<RunPcu> pcus_;
  const Options options_;
  const Callbacks callbacks_;
  const Action action_;
  std::vector<int> sessions_;  // of each PCU
  std::vector<std::string> pcu_names_;

  const bool shares_means_;
  const std::shared_ptr<CampaignMeans> means_;
  const PcuSessions::User user_;
  const LockoutFile lockout_file_;
  Lockout lockout_;
  std::vector<PcuSecrets> secrets_;
  absl::flat_hash_map<std::string, Name> names_;
  std::map<BatchId, Under> under_;
  std::vector<Kept> kept_;                  // by host
  std::set<std::pair<size_t, bool>> told_;  // credentials: PCU, accepted
  JournalAction own_;
  // Told, but neither in the journal nor in the log.
  std::vector<Campaign::HostEnded> unkept_;
  Campaign::Effects gathered_;  // to be applied
  bool applies_soon_ = false;   // at the end of this turn
  std::deque<BatchId> ready_;   // to go ahead
  sys::Loop::Timer timer_ = 0;
  size_t open_ends_ = 0;    // records that are being written
  absl::Status unwritten_;  // why the first one that is not
  bool is_told_ = false, is_done_ = false;
  bool was_started_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
