#include "fanout/collator.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fanout/collator_client.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace {

using fanout::Collate;
using fanout::CollateOrder;
using fanout::Collator;
using fanout::CollatorClient;
using fanout::CollatorOptions;
using fanout::Ready;
using Strings = std::vector<std::string>;

// A manager with a stream, a widow stream and notices that can be looked at,
// and clients of it, all on one loop.
struct World {
  explicit World(CollatorOptions options = {}) {
    auto made = sys::TemporaryFolder::Make("collator");
    REQUIRE(made.ok());
    folder.emplace(*std::move(made));
    path = folder->path() + "/s";
    for (sys::Fd* file : {&output, &widow, &notices}) {
      file->Reset(open(folder->path().c_str(), O_RDWR | O_TMPFILE, 0600));
      REQUIRE(*file);
    }
    auto listening = sys::ListenUnix(path);
    REQUIRE(listening.ok());
    listener = *std::move(listening);
    options.output = output.get();
    options.widow = widow.get();
    options.notify = notices.get();
    options.output_failed = [this](const absl::Status& why) {
      failures.push_back(std::string(why.message()));
    };
    auto c = Collator::Make(loop, std::move(options));
    REQUIRE(c.ok());
    collator = *std::move(c);
    REQUIRE(collator->Listen(listener.get()).ok());
  }

  // As many turns as things take to come to rest.
  void Settle() {
    for (int i = 0; i < 30; ++i) loop.Turn(absl::ZeroDuration());
  }
  static std::string Content(const sys::Fd& file) {
    std::string text(1 << 20, '\0');
    const ssize_t n = pread(file.get(), text.data(), text.size(), 0);
    text.resize(n > 0 ? n : 0);
    for (char& c : text) {
      if (c == '\0') c = '|';
    }
    return text;
  }
  sys::Fd Connect() {
    auto fd = sys::ConnectUnix(path);
    REQUIRE(fd.ok());
    return *std::move(fd);
  }

  sys::Loop loop;
  std::optional<sys::TemporaryFolder> folder;
  std::string path;
  sys::Fd output, widow, notices, listener;
  Strings failures;
  std::unique_ptr<Collator> collator;
};

struct Client {
  Client(World& world, const std::string& name,
         CollatorClient::Options options = {}) {
    options.name = name;
    CollatorClient::Calls calls;
    calls.agreed = [this](CollatorClient::Agreed a) {
      has_agreed = true;
      agreed = std::move(a);
    };
    calls.granted = [this](CollatorClient::Granted g) {
      has_granted = true;
      granted = std::move(g);
    };
    calls.lost = [this](const absl::Status& why) { lost = why; };
    auto c = CollatorClient::Start(world.loop, world.Connect(),
                                   std::move(options), std::move(calls));
    REQUIRE(c.ok());
    client = *std::move(c);
  }
  void Write(const std::string& text) {
    REQUIRE(granted.stream);
    REQUIRE(write(granted.stream.get(), text.data(), text.size()) ==
            static_cast<ssize_t>(text.size()));
  }
  void End(int status = 0) {
    client->Status(status);
    client->End();
  }
  std::unique_ptr<CollatorClient> client;
  bool has_agreed = false, has_granted = false;
  CollatorClient::Agreed agreed;
  CollatorClient::Granted granted;
  absl::Status lost;
};

void Put(sys::Fd& fd, const std::string& bytes) {
  REQUIRE(write(fd.get(), bytes.data(), bytes.size()) ==
          static_cast<ssize_t>(bytes.size()));
}
std::string Nul(absl::string_view text) { return std::string(text) + '\0'; }

TEST_CASE("collator: sections of this process take turns", "[fanout]") {
  World w;
  Strings order;
  std::map<std::string, Collator::Section> open;
  for (const char* name : {"a", "b", "c"}) {
    open[name] = w.collator->Open(name, 0, [&, name](int64_t number) {
      order.push_back(absl::StrCat(name, number));
    });
  }
  w.collator->Report(open["b"], Ready::kHasData);
  CHECK(order.empty());  // never from within
  w.Settle();
  w.collator->Report(open["a"], Ready::kHasData);
  w.collator->Report(open["c"], Ready::kFinished);
  w.Settle();
  CHECK(order == Strings{"b0"});
  w.collator->Close(open["b"], 3);
  w.Settle();
  CHECK(order == Strings{"b0", "c1"});
  w.collator->Close(open["c"], 0);
  w.collator->Close(open["a"], 0);
  w.Settle();
  CHECK(order == Strings{"b0", "c1"});
  CHECK(w.collator->idle());
  CHECK(World::Content(w.notices) == "b|c|a|");
}

TEST_CASE("collator: who is granted may write and close at once", "[fanout]") {
  World w;
  std::vector<int64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    auto section = std::make_shared<Collator::Section>();
    *section = w.collator->Open("x", 0, [&, section](int64_t number) {
      numbers.push_back(number);
      w.collator->Close(*section, 0);
    });
    w.collator->Report(*section, Ready::kFinished);
  }
  w.Settle();
  REQUIRE(numbers.size() == 100);
  CHECK(numbers.back() == 99);
}

TEST_CASE("collator: a client gets the stream, writes and leaves", "[fanout]") {
  CollatorOptions options;
  options.notify_status = true;
  options.title = "T";
  options.cap_bytes = 77;
  options.squeeze = true;
  World w(options);
  Client one(w, "one"), two(w, "two");
  w.Settle();
  REQUIRE(one.has_agreed);
  CHECK(one.agreed.style.title == "T");
  CHECK(one.agreed.style.rule == std::nullopt);
  CHECK(one.agreed.style.cap_bytes == 77);
  CHECK(one.agreed.style.squeeze);
  CHECK(one.agreed.section != two.agreed.section);
  CHECK(!one.has_granted);
  two.client->Report(Ready::kHasData);
  w.Settle();
  one.client->Report(Ready::kFinished);
  w.Settle();
  REQUIRE(two.has_granted);
  CHECK(!one.has_granted);
  two.Write("2\n");
  two.End(5);
  w.Settle();
  REQUIRE(one.has_granted);
  CHECK(two.granted.number == 0);
  CHECK(one.granted.number == 1);
  one.Write("1\n");
  one.End(0);
  w.Settle();
  CHECK(World::Content(w.output) == "2\n1\n");
  CHECK(World::Content(w.notices) == "5,two|0,one|");
  CHECK(w.collator->idle());
}

TEST_CASE("collator: a client's own style wins, an empty text too",
          "[fanout]") {
  CollatorOptions options;
  options.title = "T";
  options.rule = "H";
  World w(options);
  CollatorClient::Options own;
  own.style.title = "";
  Client c(w, "c", std::move(own));
  w.Settle();
  CHECK(c.agreed.style.title == "");
  CHECK(c.agreed.style.rule == "H");
}

TEST_CASE("collator: clients and this process share the stream", "[fanout]") {
  World w;
  int granted = 0;
  const auto ours = w.collator->Open("ours", 0, [&](int64_t) {
    ++granted;
    REQUIRE(write(w.collator->output(), "ours\n", 5) == 5);
  });
  Client c(w, "c");
  c.client->Report(Ready::kHasData);
  w.Settle();
  w.collator->Report(ours, Ready::kFinished);
  w.Settle();
  REQUIRE(c.has_granted);
  CHECK(granted == 0);
  c.Write("client\n");
  c.End();
  w.Settle();
  CHECK(granted == 1);
  w.collator->Close(ours, 0);
  CHECK(World::Content(w.output) == "client\nours\n");
}

TEST_CASE("collator: a client inside a section does not wait for the stream",
          "[fanout]") {
  World w;
  const auto other = w.collator->Open("other", 0, [](int64_t) {});
  w.collator->Report(other, Ready::kHasData);
  const auto task = w.collator->Open("task", 0, [](int64_t) {});
  CollatorClient::Options inside;
  inside.inside = task;
  Client first(w, "first", inside), second(w, "second", inside);
  first.client->Report(Ready::kWillRun);
  w.Settle();
  second.client->Report(Ready::kFinished);
  w.Settle();
  REQUIRE(first.has_granted);
  CHECK(!first.granted.stream);
  // Siblings take turns.
  CHECK(!second.has_granted);
  // And one inside of the first is granted at once again.
  CollatorClient::Options deeper;
  deeper.inside = first.agreed.section;
  Client third(w, "third", deeper);
  third.client->Report(Ready::kWillRun);
  w.Settle();
  CHECK(third.has_granted);
  third.End();
  first.End();
  w.Settle();
  CHECK(second.has_granted);
  second.End();
  w.collator->Close(task, 0);
  w.collator->Close(other, 0);
  w.Settle();
  CHECK(w.collator->idle());
}

TEST_CASE("collator: inside a section that is no more one waits like others",
          "[fanout]") {
  World w;
  CollatorClient::Options inside;
  inside.inside = 4711;
  Client c(w, "c", inside);
  c.client->Report(Ready::kWillRun);
  w.Settle();
  REQUIRE(c.has_granted);
  CHECK(c.granted.stream);
}

TEST_CASE("collator: input and error come with the stream alone", "[fanout]") {
  World w;
  CollatorClient::Options wants;
  wants.input = wants.error = true;
  Client first(w, "first", wants), second(w, "second", wants);
  first.client->Report(Ready::kWillRun);
  w.Settle();
  second.client->Report(Ready::kWillRun);
  w.Settle();
  REQUIRE(first.has_granted);
  CHECK(first.granted.input);
  CHECK(first.granted.error);
  CHECK(!second.has_granted);
  first.End();
  w.Settle();
  CHECK(second.has_granted);
}

TEST_CASE("collator: widow stream and folder come without waiting",
          "[fanout]") {
  World w;
  CollatorClient::Options wants;
  wants.stream = false;
  wants.widow = wants.folder = true;
  Client c(w, "c", wants);
  w.Settle();
  REQUIRE(c.has_agreed);
  REQUIRE(c.agreed.folder);
  CHECK(sys::Stat(c.agreed.folder.get())->inode == sys::Stat(".")->inode);
  REQUIRE(write(c.agreed.widow.get(), "w\n", 2) == 2);
  CHECK(World::Content(w.widow) == "w\n");
}

TEST_CASE("collator: a killed holder makes room, with an unknown status",
          "[fanout]") {
  CollatorOptions options;
  options.notify_status = true;
  World w(options);
  auto killed = std::make_unique<Client>(w, "killed");
  killed->client->Report(Ready::kWillRun);
  Client next(w, "next");
  next.client->Report(Ready::kWillRun);
  w.Settle();
  REQUIRE(killed->has_granted);
  killed.reset();
  w.Settle();
  CHECK(next.has_granted);
  CHECK(World::Content(w.notices) == "76,killed|");
}

TEST_CASE("collator: what an original client sends is understood", "[fanout]") {
  World w;
  sys::Fd c = w.Connect();
  w.Settle();
  CHECK(sys::ReceiveWithFd(c.get(), 100)->bytes == Nul("0.8"));
  Put(c, "name\n");
  w.Settle();
  CHECK(sys::ReceiveWithFd(c.get(), 100)->bytes == "0\n");
  Put(c, Nul("?T ") + Nul("?L ") + Nul("?s ") + Nul("?q ") + Nul("?d ") +
             Nul("?: "));
  w.Settle();
  CHECK(sys::ReceiveWithFd(c.get(), 100)->bytes ==
        ".." + Nul("-") + Nul("-") + Nul("d") + Nul("-"));
  Put(c, Nul("o1 ") + Nul("hd "));
  w.Settle();
  const auto out = sys::ReceiveWithFd(c.get(), 100);
  CHECK(out->bytes.substr(0, 3) == "out");
  CHECK(out->fd);
  Put(c, Nul("003") + Nul("cq "));
  w.Settle();
  CHECK(sys::ReceiveWithFd(c.get(), 100)->closed);
  CHECK(World::Content(w.notices) == "name|");
}

TEST_CASE("collator: garbage ends its own connection alone", "[fanout]") {
  World w;
  Client good(w, "good");
  std::vector<sys::Fd> bad;
  for (const std::string& bytes :
       {std::string(5000, 'x'), Nul("n") + "garbage!", Nul("n") + Nul("on "),
        std::string(4096, '\0'), Nul("n") + Nul("cq ") + Nul("o1 ")}) {
    bad.push_back(w.Connect());
    Put(bad.back(), bytes);
  }
  w.Settle();
  for (sys::Fd& fd : bad) {
    std::string got;
    bool closed = false;
    for (int i = 0; i < 10 && !closed; ++i) {
      closed = sys::ReceiveWithFd(fd.get(), 4096)->closed;
    }
    CHECK(closed);
  }
  good.client->Report(Ready::kHasData);
  w.Settle();
  CHECK(good.has_granted);
}

TEST_CASE("collator: one that asks and never reads is not read any more",
          "[fanout]") {
  CollatorOptions options;
  options.title = std::string(10'000, 't');
  World w(options);
  sys::Fd flood = w.Connect();
  Put(flood, Nul("flood"));
  std::string asks;
  for (int i = 0; i < 1000; ++i) asks += Nul("?T ");
  size_t sent = 0;
  for (int i = 0; i < 500; ++i) {
    sent += sys::SendWithFd(flood.get(), asks, -1).value_or(0);
    w.loop.Turn(absl::ZeroDuration());
  }
  // Not all of the 500 are taken in: the rest stays in the sender's hands.
  CHECK(sent < asks.size() * 400);
  Client good(w, "good");
  good.client->Report(Ready::kHasData);
  w.Settle();
  CHECK(good.has_granted);
  // Once it reads, it gets what it asked for.
  size_t answered = 0;
  for (int i = 0; i < 100'000 && answered < 3'000'000; ++i) {
    const auto got = sys::ReceiveWithFd(flood.get(), 1 << 16);
    REQUIRE(!got->closed);
    answered += got->bytes.size();
    w.loop.Turn(absl::ZeroDuration());
  }
  CHECK(answered >= 3'000'000);
  flood.Reset();
  w.Settle();
}

TEST_CASE("collator: a descriptor is handed out once, however often asked",
          "[fanout]") {
  World w;
  sys::Fd c = w.Connect();
  Put(c, Nul("greedy"));
  std::string asks;
  for (int i = 0; i < 500; ++i) asks += Nul("ow ") + Nul("od ");
  Put(c, asks);
  w.Settle();
  int fds = 0;
  for (int i = 0; i < 50; ++i)
    fds += sys::ReceiveWithFd(c.get(), 10)->fd ? 1 : 0;
  CHECK(fds == 2);
}

TEST_CASE("collator: many clients all have their turn", "[fanout]") {
  World w;
  constexpr int kMany = 300;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kMany; ++i) {
    clients.push_back(std::make_unique<Client>(w, absl::StrCat(i)));
    clients.back()->client->Report(Ready::kHasData);
  }
  int done = 0;
  for (int turn = 0; turn < 20'000 && done < kMany; ++turn) {
    w.loop.Turn(absl::ZeroDuration());
    for (auto& c : clients) {
      if (c == nullptr || !c->has_granted) continue;
      c->Write(".");
      c->End();
      c.reset();
      ++done;
    }
  }
  w.Settle();
  CHECK(World::Content(w.output) == std::string(kMany, '.'));
  CHECK(w.collator->idle());
}

TEST_CASE("collator: a failure to write is told, once, by who was granted",
          "[fanout]") {
  World w;
  Client one(w, "one"), liar(w, "liar");
  one.client->Report(Ready::kHasData);
  liar.client->Report(Ready::kNot);
  w.Settle();
  liar.client->WriteFailed(EPIPE);
  w.Settle();
  CHECK(w.failures.empty());
  one.client->WriteFailed(ENOSPC);
  one.client->WriteFailed(ENOSPC);
  w.Settle();
  CHECK(w.failures == Strings{"section 'one': No space left on device"});
  CHECK(w.collator->failed_sections() == 1);
  const auto ours = w.collator->Open("ours", 0, [](int64_t) {});
  w.collator->WriteFailed(ours, absl::DataLossError("gone"));
  CHECK(w.failures.size() == 1);
  CHECK(w.collator->failed_sections() == 2);
  w.collator->Close(ours, 0);
}

TEST_CASE("collator: only a persistent one can be asked to end", "[fanout]") {
  for (const bool persistent : {false, true}) {
    CollatorOptions options;
    options.persistent = persistent;
    World w(options);
    Client c(w, "c");
    w.Settle();
    c.client->AskForEnd();
    w.Settle();
    CHECK(w.collator->finish_asked() == persistent);
  }
}

TEST_CASE("collator: after the last moment nobody is let in", "[fanout]") {
  World w;
  Client early(w, "early");
  w.collator->StopListening();
  early.client->Report(Ready::kHasData);
  Client late(w, "late");
  w.Settle();
  CHECK(early.has_granted);
  CHECK(!late.has_agreed);
}

TEST_CASE("collator: where the finished go first, clients are not kept waiting",
          "[fanout]") {
  CollatorOptions options;
  options.order = CollateOrder::kFinished;
  World w(options);
  const auto slow = w.collator->Open("slow", 0, [](int64_t) {});
  w.collator->Report(slow, Ready::kHasData);
  Client c(w, "c");
  c.client->Report(Ready::kWillRun);
  w.Settle();
  CHECK(c.has_granted);
  w.collator->Close(slow, 0);
}

TEST_CASE("collator: a quick client leaves what it has and goes", "[fanout]") {
  CollatorOptions options;
  options.quick = true;
  options.notify_status = true;
  World w(options);
  Client holder(w, "holder"), quick(w, "quick");
  holder.client->Report(Ready::kHasData);
  w.Settle();
  REQUIRE(holder.has_granted);
  quick.client->Status(0);
  quick.client->Report(Ready::kFinished, true);
  w.Settle();
  REQUIRE(quick.has_granted);
  REQUIRE(quick.granted.quick);
  quick.Write("quick\n");
  quick.granted.stream.Reset();
  quick.client->End();
  w.Settle();
  CHECK(World::Content(w.output).empty());
  CHECK(!w.collator->idle());
  holder.Write("holder\n");
  holder.End();
  w.Settle();
  CHECK(World::Content(w.output) == "holder\nquick\n");
  CHECK(World::Content(w.notices) == "0,holder|0,quick|");
  CHECK(w.collator->idle());
}

TEST_CASE("collator: a quick client that sends without end is bounded",
          "[fanout]") {
  CollatorOptions options;
  options.quick = true;
  World w(options);
  Client holder(w, "holder");
  holder.client->Report(Ready::kHasData);
  w.Settle();
  sys::Fd c = w.Connect();
  Put(c, Nul("endless") + Nul("o1 ") + Nul("qm "));
  w.Settle();
  const std::string block(4096, 'x');
  size_t sent = 0;
  for (int i = 0; i < 2000; ++i) {
    sent += sys::SendWithFd(c.get(), block, -1).value_or(0);
    w.loop.Turn(absl::ZeroDuration());
  }
  CHECK(sent < 2 << 20);
  holder.End();
  // At its turn all of it is passed on.
  for (int i = 0; i < 2000; ++i) w.loop.Turn(absl::ZeroDuration());
  c.Reset();
  for (int i = 0; i < 200; ++i) w.loop.Turn(absl::ZeroDuration());
  CHECK(World::Content(w.output) == std::string(sent, 'x').substr(0, 1 << 20));
  CHECK(w.collator->idle());
}

TEST_CASE("collator client: a section may be over before it has begun",
          "[fanout]") {
  CollatorOptions options;
  options.notify_status = true;
  World w(options);
  {
    Client early(w, "early"), unsaid(w, "unsaid");
    early.End(5);
  }
  Client late(w, "late");
  late.client->Status(6);
  w.Settle();
  late.client->End();
  w.Settle();
  CHECK(World::Content(w.notices) == "5,early|76,unsaid|6,late|");
}

TEST_CASE("collator client: a manager that hangs up is told", "[fanout]") {
  World w;
  Client c(w, "c");
  w.Settle();
  REQUIRE(c.has_agreed);
  w.collator.reset();
  w.Settle();
  CHECK(absl::IsAborted(c.lost));
}

TEST_CASE("collator client: a manager that makes no sense is told",
          "[fanout]") {
  for (const std::string& bytes :
       {std::string(100, 'x'), Nul("0.8") + "x\n",
        Nul("0.8") + "0\n" + "99999999:", Nul("0.8") + "0\n...---own 1\n"}) {
    World w;
    auto pair = sys::SocketPair();
    REQUIRE(pair.ok());
    absl::Status lost;
    CollatorClient::Calls calls;
    calls.lost = [&](const absl::Status& why) { lost = why; };
    CollatorClient::Options options;
    options.name = "c";
    auto client =
        CollatorClient::Start(w.loop, std::move(pair->first), options, calls);
    REQUIRE(client.ok());
    Put(pair->second, bytes);
    w.Settle();
    INFO(bytes);
    CHECK(absl::IsAborted(lost));
  }
}

}  // namespace
