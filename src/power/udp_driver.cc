#include "power/udp_driver.h"

#include <sys/epoll.h>

#include <algorithm>

#include "base/status.h"
#include "keys/secret.h"
#include "sys/clock.h"

namespace power {
namespace {

// A thousand answers may come in the same moment.
constexpr size_t kSocketBufferBytes = 4 << 20;
// Of one turn: others on the loop have their turn, too.
constexpr int kDatagramsATurn = 256;
// What is not sent by then is lost, and sent again by its conversation.
constexpr size_t kMaxUnsent = 4096;

}  // namespace

UdpDriver::UdpDriver(sys::Loop& loop, NumberIn number_in, Options options)
    : loop_(loop),
      number_in_(std::move(number_in)),
      options_(options),
      buffer_(options.max_datagram_bytes, '\0'),
      next_slot_(options.first_slot % kMaxSlot + 1) {}

UdpDriver::~UdpDriver() {
  loop_.Cancel(start_timer_);
  for (const auto& [slot, job] : jobs_) loop_.Cancel(job->timer);
  for (Socket& socket : sockets_) {
    if (socket.socket.has_value()) loop_.Unwatch(socket.socket->fd());
  }
}

UdpDriver::Ticket UdpDriver::Start(const sys::UdpAddress& address, Make make,
                                   Done done,
                                   std::function<void(absl::Status)> failed) {
  const Ticket ticket = next_ticket_++;
  waiting_.push_back(
      {ticket, address, std::move(make), std::move(done), std::move(failed)});
  StartSoon();
  return ticket;
}

void UdpDriver::StartSoon() {
  if (start_timer_ != 0 || waiting_.empty()) return;
  start_timer_ = loop_.At(sys::SteadyNow(), [this] {
    start_timer_ = 0;
    StartWaiting();
  });
}

uint32_t UdpDriver::FreeSlot() {
  while (jobs_.contains(next_slot_)) next_slot_ = next_slot_ % kMaxSlot + 1;
  const uint32_t slot = next_slot_;
  next_slot_ = next_slot_ % kMaxSlot + 1;
  return slot;
}

void UdpDriver::StartWaiting() {
  while (!waiting_.empty() && jobs_.size() < options_.at_once) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const bool is_ipv6 = next.address.is_ipv6();
    const absl::Status opened = OpenSocket(sockets_[is_ipv6], is_ipv6);
    if (!opened.ok()) {
      next.failed(opened);
      continue;
    }
    const uint32_t slot = FreeSlot();
    auto job = std::make_unique<Job>();
    job->ticket = next.ticket;
    job->address = next.address;
    job->done = std::move(next.done);
    job->conversation = next.make(slot);
    Conversation& conversation = *job->conversation;
    jobs_[slot] = std::move(job);
    slots_[next.ticket] = slot;
    last_slot_[next.address] = slot;
    conversation.Start(sys::SteadyNow());
    Follow(slot);
  }
}

absl::Status UdpDriver::OpenSocket(Socket& socket, bool is_ipv6) {
  if (socket.socket.has_value()) return absl::OkStatus();
  TRY_ASSIGN(sys::UdpSocket opened,
             sys::UdpSocket::Open(is_ipv6, kSocketBufferBytes));
  TRY(loop_.Watch(opened.fd(), EPOLLIN, [this, &socket](uint32_t events) {
    OnReady(socket, events);
  }));
  socket.socket = std::move(opened);
  return absl::OkStatus();
}

void UdpDriver::OnReady(Socket& socket, uint32_t events) {
  if ((events & EPOLLERR) != 0) {
    while (const auto refused = socket.socket->TakeError()) OnRefused(*refused);
  }
  if ((events & EPOLLOUT) != 0) SendUnsent(socket);
  for (int i = 0; i < kDatagramsATurn; ++i) {
    const auto arrived = socket.socket->Receive(buffer_);
    if (!arrived.has_value()) return;
    OnDatagram(*arrived);
  }
}

void UdpDriver::OnDatagram(const sys::UdpSocket::Arrived& arrived) {
  const std::optional<uint32_t> number = number_in_(arrived.datagram);
  if (!number.has_value()) return;
  uint32_t slot = SlotOf(*number);
  if (*number == 0) {
    const auto last = last_slot_.find(arrived.from);
    if (last == last_slot_.end()) return;
    slot = last->second;
  }
  const auto found = jobs_.find(slot);
  // From another address it is nobody's, whatever it says.
  if (found == jobs_.end() || !(found->second->address == arrived.from)) return;
  found->second->conversation->Receive(arrived.datagram, sys::SteadyNow());
  Follow(slot);
}

void UdpDriver::OnRefused(const sys::UdpSocket::Refused& refused) {
  const auto last = last_slot_.find(refused.to);
  if (last == last_slot_.end()) return;
  const uint32_t slot = last->second;
  const auto found = jobs_.find(slot);
  if (found == jobs_.end()) return;
  found->second->conversation->Unreachable(refused.why, sys::SteadyNow());
  Follow(slot);
}

void UdpDriver::Send(const sys::UdpAddress& to, std::string datagram) {
  Socket& socket = sockets_[to.is_ipv6()];
  if (socket.unsent.empty()) {
    const absl::Status sent = socket.socket->Send(to, datagram);
    // Some hold a community.
    if (!absl::IsUnavailable(sent)) keys::Wipe(datagram);
    if (sent.ok()) return;
    if (!absl::IsUnavailable(sent)) {
      // No way there: told as a router would, when nobody is being called.
      loop_.AtEndOfTurn([this, to, why = std::string(sent.message()),
                         alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) OnRefused({.to = to, .why = why});
      });
      return;
    }
    loop_.Rewatch(socket.socket->fd(), EPOLLIN | EPOLLOUT);
  }
  if (socket.unsent.size() >= kMaxUnsent) socket.unsent.pop_front();
  socket.unsent.emplace_back(to, std::move(datagram));
}

void UdpDriver::SendUnsent(Socket& socket) {
  while (!socket.unsent.empty()) {
    auto& [to, datagram] = socket.unsent.front();
    if (absl::IsUnavailable(socket.socket->Send(to, datagram))) return;
    keys::Wipe(datagram);
    socket.unsent.pop_front();
  }
  loop_.Rewatch(socket.socket->fd(), EPOLLIN);
}

void UdpDriver::Follow(uint32_t slot) {
  Job& job = *jobs_[slot];
  for (std::string& datagram : job.conversation->TakeDatagrams()) {
    Send(job.address, std::move(datagram));
  }
  if (job.conversation->result() == nullptr) {
    const absl::Time wake_at = job.conversation->wake_at();
    if (job.timer != 0 && wake_at == job.wake_at) return;
    loop_.Cancel(std::exchange(job.timer, 0));
    job.wake_at = wake_at;
    if (wake_at == absl::InfiniteFuture()) return;
    job.timer = loop_.At(wake_at, [this, slot] {
      Job& due = *jobs_[slot];
      due.timer = 0;
      due.conversation->Wake(sys::SteadyNow());
      Follow(slot);
    });
    return;
  }
  loop_.Cancel(std::exchange(job.timer, 0));
  std::unique_ptr<Job> ended = std::move(jobs_[slot]);
  jobs_.erase(slot);
  slots_.erase(ended->ticket);
  const auto last = last_slot_.find(ended->address);
  if (last != last_slot_.end() && last->second == slot) last_slot_.erase(last);
  StartSoon();
  Conversation& conversation = *ended->conversation;
  const Done done = std::move(ended->done);
  // Whoever told it may still look at it.
  loop_.DeleteAtEndOfTurn(std::move(ended));
  done(conversation);
}

void UdpDriver::Cancel(Ticket ticket) {
  for (auto i = waiting_.begin(); i != waiting_.end(); ++i) {
    if (i->ticket != ticket) continue;
    waiting_.erase(i);
    return;
  }
  const auto found = slots_.find(ticket);
  if (found == slots_.end()) return;
  const uint32_t slot = found->second;
  Job& job = *jobs_[slot];
  job.done = [](Conversation&) {};
  job.conversation->Abandon(sys::SteadyNow());
  Follow(slot);
}

}  // namespace power
