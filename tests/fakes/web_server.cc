#include "fakes/web_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace fakes {

WebServer::WebServer(sys::Loop& loop, WebModel& model, absl::Duration delay)
    : loop_(loop), model_(model), delay_(delay) {
  listener_ = sys::ListenTcp("127.0.0.1", 0).value();
  port_ = sys::LocalPort(listener_.get()).value();
  MUST(loop_.Watch(listener_.get(), EPOLLIN, [this](uint32_t) { Accept(); })
           .ok());
}

WebServer::~WebServer() {
  *alive_ = false;
  loop_.Unwatch(listener_.get());
  for (const auto& [number, c] : open_) loop_.Unwatch(c->fd.get());
}

void WebServer::Accept() {
  sys::Fd fd = sys::Accept(listener_.get(), nullptr).value();
  if (!fd) return;
  const int number = ++connections_;
  auto& c = open_[number] = std::make_unique<Connection>();
  c->fd = std::move(fd);
  MUST(loop_
           .Watch(c->fd.get(), EPOLLIN,
                  [this, number](uint32_t) { Read(number); })
           .ok());
}

void WebServer::Read(int number) {
  Connection& c = *open_.at(number);
  char buffer[4096];
  const ssize_t n = recv(c.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0) return;
  if (n == 0) {
    loop_.Unwatch(c.fd.get());
    open_.erase(number);
    return;
  }
  c.heard.append(buffer, static_cast<size_t>(n));
  Hear(number);
}

void WebServer::Hear(int number) {
  while (open_.contains(number)) {
    Connection& c = *open_.at(number);
    if (model_.TakesRaw()) {
      if (const auto said = model_.AnswerRaw(c.heard)) {
        Say(number, *said);
        continue;
      }
    }
    const auto call = TakeCall(c.heard);
    if (!call.has_value()) return;
    const WebSaid said = model_.Answer(*call, sys::SteadyNow());
    const absl::Duration delay = said.delay + delay_;
    if (delay == absl::ZeroDuration()) {
      Say(number, said);
      continue;
    }
    loop_.After(delay, [this, number, said, alive = alive_] {
      if (!*alive) return;
      Say(number, said);
      Hear(number);
    });
    return;
  }
}

void WebServer::Say(int number, const WebSaid& said) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const int fd = found->second->fd.get();
  if (!said.is_silent) sys::WriteAll(fd, BytesOf(said)).IgnoreError();
  if (!said.hangs_up) return;
  loop_.Unwatch(fd);
  open_.erase(found);
}

}  // namespace fakes
