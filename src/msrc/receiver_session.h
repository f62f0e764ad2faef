// One exchange with a controller, from its first word to its last: the receiver
// as a machine that is driven by what comes in.
//
//   phase        leaves it by                    what is said
//   kDelivery    parcels MANIFEST, DELIVERY      (hello, before)
//   kOpening     the folder is ours              while others have it: nothing
//   kComparing   a thread's end                  need
//   kContents    all contents have come
//   kFinishing   a thread's end                  applied
//   kUtility     a parcel UTILITY, or "done"
//   kRunning     the utility's end               output ..., ended
//   kFollowing   a kept run's end                output ..., ended
//   kOver
//
// Phases are passed in this order and may be left out. An exchange is over with
// `ended`; with an `applied` that is no APPLIED; and with an APPLIED when the
// delivery had nothing to run. Whoever does not keep to the order is refused.
//
// When the connection is lost, what is not in place yet is given up, but for
// contents, which the next delivery may use; a utility gets SIGHUP, and one
// that was to run on (Utility.detach) does.
#pragma once

#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "msrc/admission.h"
#include "msrc/delivery.h"
#include "msrc/kept_run.h"
#include "msrc/utility_run.h"
#include "sys/loop.h"
#include "sys/pool.h"

namespace msrc {

struct ReceiverConfig {
  AdmissionConfig admission;
  std::string cache;  // CacheFolder(); empty: nothing is kept
  std::string home;
  // Whoever hears the session sits before this host: reasons are told.
  bool local = false;
};

struct ReceiverCalls {
  // A message for the controller.
  std::function<void(const fleetbox::wire::FromReceiver&)> send;
  // The brake of what comes in; may be null.
  std::function<void(bool)> pause = nullptr;
  // Bytes that were sent and have not left; may be null.
  std::function<size_t()> waiting = nullptr;
  // Nothing more is said: the connection may be closed. Once, not from within a
  // call of this session's.
  std::function<void()> said_all = nullptr;
  // Nothing is left to do, either. Once, after said_all.
  std::function<void()> over = nullptr;
};

class ReceiverSession {
 public:
  // The loop outlives it.
  ReceiverSession(sys::Loop& loop, ReceiverConfig config, ReceiverCalls calls);
  ~ReceiverSession();
  ReceiverSession(const ReceiverSession&) = delete;

  void Begin();  // says hello
  void OnParcel(absl::string_view parcel);
  void OnMessage(absl::string_view bytes);  // a FromController
  void OnDrained();                         // nothing waits to be sent any more
  void OnLost();                            // the connection is gone

  // For whoever brings a bundle by hand: in the place of Begin and parcels. The
  // contents follow as messages or with Feed.
  void TakeBundle(absl::string_view parcel);
  void Feed(absl::string_view content);
  bool wants_content() const { return phase_ == Phase::kContents; }
  bool over() const { return phase_ == Phase::kOver; }

 private:
  enum class Phase {
    kDelivery,
    kOpening,
    kComparing,
    kContents,
    kFinishing,
    kUtility,
    kRunning,
    kFollowing,
    kOver
  };

  void TakeManifest(absl::string_view parcel);
  void TakeDelivery(absl::string_view parcel, wire::Kind kind);
  absl::Status Accept(absl::string_view parcel, wire::Kind kind);
  absl::StatusOr<wire::Manifest> ManifestOf();
  absl::Status CheckLimits(const std::string& into,
                           const fleetbox::wire::Utility& utility) const;
  void TryOpen();
  void Compare();
  void Compared(const absl::Status& status);
  void Finish();
  void Finished(const absl::Status& status);
  void TakeUtility(absl::string_view parcel);
  void StartUtility(const fleetbox::wire::Utility& utility);
  void StartKept(UtilityOrder order);
  void Follow();
  void Cancel(uint32_t signal);
  void SendOutput(int stream, std::string bytes);
  void SendEnded(const fleetbox::wire::Ended& ended);
  // The exchange ends here.
  void Refuse(const absl::Status& why, int status);
  void RefuseUtility(const absl::Status& why, int status);
  void EndExchange();
  void Log(const absl::Status& why) const;
  std::string WhatPeerHears(const absl::Status& why) const;
  void OnThread(std::function<absl::Status()> work,
                void (ReceiverSession::*then)(const absl::Status&));

  sys::Loop& loop_;
  const ReceiverConfig config_;
  ReceiverCalls calls_;
  Admission admission_;
  Phase phase_ = Phase::kDelivery;
  bool lost_ = false, output_paused_ = false, kept_ = false, told_ = false;
  std::string nonce_, run_hex_, host_;
  std::string shared_;  // the parcel, until it is looked at
  std::optional<Admission::Admitted> admitted_;
  absl::Time lock_until_;
  sys::Loop::Timer timer_ = 0;
  std::unique_ptr<DeliveryWork> work_;
  std::optional<KeptRun> kept_run_;
  std::unique_ptr<UtilityRun> utility_;
  std::unique_ptr<Follower> follower_;
  std::shared_ptr<bool> alive_;
  sys::Pool pool_;  // last: its threads use what is above
};

}  // namespace msrc
