// Batches of orders carried out by dialogues: a session for each PCU, over the
// way that the batch names. A session that has nothing more to do logs out,
// unless the PCU says `keep` or `linger`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "power/controller.h"
#include "power/dialogue_batch.h"
#include "power/ssh_transport.h"
#include "power/transport.h"
#include "sys/loop.h"

namespace power {

class DialogueController : public Controller {
 public:
  struct Options {
    SshSettings ssh = {};
    // Asked first for a transport; null for those it leaves to us: telnet, tcp,
    // serial, exec, ssh.
    TransportMaker more_transports = {};
    // The last connection with a PCU has been closed; may be empty.
    std::function<void(absl::string_view pcu)> gone = {};
  };
  // Since the beginning.
  struct Statistics {
    bool is_connected = false, is_connecting = false;
    int64_t logins = 0, scripts = 0;  // that succeeded
  };
  // The loop outlives it. What has not ended when it goes is not told, and
  // connections are closed without a logout.
  DialogueController(sys::Loop& loop, Options options);
  ~DialogueController() override;
  DialogueController(const DialogueController&) = delete;

  Ticket Start(Batch batch, Done done) override;
  void Cancel(Ticket ticket) override;

  // Connections that there are, those included that just log out: whoever ends
  // before there are none leaves sessions open on devices that have only one.
  size_t connections() const { return places_.size(); }
  bool IsConnected(absl::string_view pcu) const;
  Statistics StatisticsOf(absl::string_view pcu) const;
  // Logs out of a PCU as soon as nothing is under way there, kept or not.
  void Leave(absl::string_view pcu);
  // Logs out as soon as nothing is under way, kept or not.
  void Finish();

 private:
  struct Job;
  struct Place;
  void BeginSoon();
  void BeginWaiting();
  Place* PlaceFor(const Job& job);
  bool IsAlike(const Specification* a, const Specification* b);
  bool Fits(const Place& place, const Batch& batch);
  Place* Make(const Batch& batch);
  std::shared_ptr<const Specification> Shared(
      const Specification& specification) const;
  std::unique_ptr<Transport> Line(const TransportPlan& plan,
                                  const std::vector<std::string>& program);
  void Begin(Job& job, Place& place);
  void Carry(Job& job, DialogueBatch::Effects effects);
  void LetGo(Job& job);
  void SetTimer(Job& job);
  void Gone(Place& place);

  sys::Loop& loop_;
  const Options options_;
  std::unique_ptr<SshPrograms> ssh_;
  std::map<Ticket, std::unique_ptr<Job>> jobs_;
  std::vector<std::unique_ptr<Place>> places_;
  std::map<std::string, Statistics, std::less<>> earlier_;  // of places gone
  Ticket next_ticket_ = 1;
  uint64_t next_request_ = 1;
  // Two that were compared in this turn, and are the same.
  std::pair<const Specification*, const Specification*> alike_ = {};
  bool finishing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
