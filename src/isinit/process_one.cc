// Process 1 from its first instruction to the end of the machine. What it
// cannot do it says on the console, and goes on: a process 1 that ends takes
// the machine with it.

#include <absl/strings/str_cat.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/status.h"
#include "isinit/kernel_words.h"
#include "isinit/server.h"
#include "isinit/table_source.h"
#include "sys/become.h"
#include "sys/environment.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/users.h"

namespace isinit {
namespace {

// After so many crashes in so long something is wrong that another start does
// not cure.
constexpr int kMaxCrashes = 3;
constexpr absl::Duration kCrashSpan = absl::Minutes(1);
constexpr char kCrashes[] = "ISINIT_CRASHES";  // seconds since the boot, ...
constexpr absl::Duration kPatience = absl::Seconds(8);

// What the crash handler needs, made before anything can crash.
char* g_program = nullptr;
char** g_arguments = nullptr;
char** g_environment = nullptr;  // begins with g_crashes
char g_crashes[128] = "";
rlimit g_descriptors = {0, 0};  // what we were started with

// Nothing in these two but what is safe in a signal handler
// (signal-safety(7)).

// The pipes and sockets of the record are to stay open over an exec; what else
// does is closed by the next life.
void KeepDescriptors() {
  const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
  alignas(dirent64) char buffer[4096];
  for (;;) {
    const long bytes = syscall(SYS_getdents64, folder, buffer, sizeof buffer);
    if (bytes <= 0) break;
    for (long at = 0; at < bytes;) {
      const auto* const e = reinterpret_cast<const dirent64*>(buffer + at);
      int fd = 0;
      for (const char* c = e->d_name; *c >= '0' && *c <= '9'; c++) {
        fd = fd * 10 + (*c - '0');
      }
      if (fd > 2) fcntl(fd, F_SETFD, 0);
      at += e->d_reclen;
    }
  }
}

// The same program is executed in our place, and takes over what the record
// says.
extern "C" void Crashed(int signal) {
  // Of a child that has not executed anything yet, nothing is to be saved.
  if (getpid() != 1) _exit(128 + signal);
  // "ISINIT_CRASHES=12,47," and the time of this one.
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  char digits[24];
  int n = 0;
  for (uint64_t s = now.tv_sec; n == 0 || s > 0; s /= 10) {
    digits[n++] = static_cast<char>('0' + s % 10);
  }
  size_t length = strlen(g_crashes);
  if (length + n + 2 < sizeof g_crashes) {
    while (n > 0) g_crashes[length++] = digits[--n];
    g_crashes[length++] = ',';
    g_crashes[length] = '\0';
  }
  const char text[] = "isinit: crashed, going on\n";
  if (write(2, text, sizeof text - 1) < 0) {
  }
  KeepDescriptors();
  if (g_descriptors.rlim_max != 0) setrlimit(RLIMIT_NOFILE, &g_descriptors);
  execve(g_program, g_arguments, g_environment);
  // Its file has been removed or replaced.
  execve("/proc/self/exe", g_arguments, g_environment);
  _exit(128 + signal);
}

char** Copies(const std::vector<std::string>& words) {
  char** const copies =
      static_cast<char**>(calloc(words.size() + 1, sizeof(char*)));
  for (size_t i = 0; i < words.size(); i++) {
    copies[i] = strdup(words[i].c_str());
  }
  return copies;
}

void CatchCrashes(const std::vector<std::string>& arguments) {
  std::string program = sys::OwnExecutable();
  if (program.empty()) {
    // There is no /proc: what the kernel was told to execute.
    const auto* const name =
        reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    if (name != nullptr) program = name;
  }
  g_program = strdup(program.c_str());
  g_arguments = Copies(arguments);
  sys::Environment environment = sys::Environment::Ours();
  environment.Unset(kRecordVariable);  // of this life, not of the next
  std::vector<std::string> variables = environment.entries();
  variables.insert(variables.begin(), "");
  g_environment = Copies(variables);
  free(g_environment[0]);
  g_environment[0] = g_crashes;
  getrlimit(RLIMIT_NOFILE, &g_descriptors);
  const size_t bytes = 64 << 10;
  void* stack = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack != MAP_FAILED) {
    stack_t alternate = {};
    alternate.ss_sp = stack;
    alternate.ss_size = bytes;
    sigaltstack(&alternate, nullptr);
  }
  struct sigaction action = {};
  action.sa_handler = Crashed;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int s : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}) {
    sigaction(s, &action, nullptr);
  }
}

// How often we crashed lately; what is older is forgotten.
int CrashesLately() {
  const std::string before = sys::EnvironmentVariable(kCrashes);
  unsetenv(kCrashes);
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  std::string kept = absl::StrCat(kCrashes, "=");
  int count = 0;
  for (size_t at = 0; at < before.size();) {
    const size_t comma = before.find(',', at);
    if (comma == std::string::npos) break;
    const std::string seconds = before.substr(at, comma - at);
    if (now.tv_sec - atoll(seconds.c_str()) <
        absl::ToInt64Seconds(kCrashSpan)) {
      absl::StrAppend(&kept, seconds, ",");
      count++;
    }
    at = comma + 1;
  }
  if (kept.size() >= sizeof g_crashes) kept = absl::StrCat(kCrashes, "=");
  memcpy(g_crashes, kept.c_str(), kept.size() + 1);
  return count;
}

// Never returns: where the kernel refuses there is a shell, and another try.
void EndTheMachine(Power power) {
  for (;;) {
    EndAllProcesses(kPatience);
    LetGoOfFileSystems();
    const absl::Status failed = EndMachine(power);
    power = RescueShell(failed.message()).value_or(power);
  }
}

// Returns when whoever is at the console has left the shell.
void Shell(absl::string_view why) {
  const std::optional<Power> power = RescueShell(why);
  if (power.has_value()) EndTheMachine(*power);
}

// Until there is a table that can be read.
void RepairTable(const ServerConfig& config) {
  for (;;) {
    TableSource source(config.table, config.compat);
    const absl::StatusOr<const Reading*> read = source.Reread();
    if (read.ok()) return;
    Shell(
        absl::StrCat(read.status().message(), "; a shell, until there is one"));
    // Whoever leaves the shell without a table wants another look.
    usleep(200'000);
  }
}

// "" when there is no table, or it does not say.
std::string MountsOf(const ServerConfig& config) {
  TableSource source(config.table, config.compat);
  const absl::StatusOr<const Reading*> read = source.Reread();
  return read.ok() ? (*read)->table->mounts : std::string();
}

KernelWords OurKernelWords() {
  const absl::StatusOr<std::string> line = sys::ReadFile("/proc/cmdline");
  return line.ok() ? ReadKernelWords(*line) : KernelWords();
}

// Once in the life of a machine or a container. The table that the kernel's
// command line names can only be known behind the mounts: of that one
// ":::mounts:" says nothing.
void Prepare(const ServerConfig& config) {
  const bool machine = config.situation != Situation::kContainer;
  if (machine) TakeConsole();
  for (const std::string& trouble :
       MountMissing(config.situation, MountsOf(config))) {
    sys::Log("mount.failed", {{"why", trouble}});
  }
  if (!machine) return;
  TakeConsole();  // there is a /dev now
  ClaimCtrlAltDel();
}

void UseKernelWords(const KernelWords& words, ServerConfig& config) {
  if (!words.table.empty()) config.table = words.table;
  config.first_group = words.group;
  config.first_level = words.level;
}

// What is left once the server has stopped its groups. Whoever ends the server
// of a machine means the machine; a container ends with its exit code, unless
// more was asked for.
void EndEverything(const ServerConfig& config, const ServerEnd& end) {
  if (!end.successor.empty() && !end.machine) {
    EndAllProcesses(kPatience);
    Shell(sys::BecomeCommand(end.successor).message());
    return;
  }
  if (config.situation != Situation::kContainer) {
    EndTheMachine(end.machine ? end.power : Power::kPowerOff);
  }
  EndAllProcesses(kPatience);
  // Where reboot(2) is not permitted the exit code has to do.
  if (end.machine) EndMachine(end.power).IgnoreError();
}

}  // namespace

absl::StatusOr<int> RunAsProcessOne(ServerConfig config) {
  config.process_one = true;
  // One that was only told to be process 1 does as in a container, and leaves
  // the machine alone.
  const bool really = sys::MyPid() == 1;
  config.situation = really ? FindSituation() : Situation::kContainer;
  const bool machine = config.situation != Situation::kContainer;
  const int crashes = CrashesLately();
  const bool again = crashes > 0 || IsExecutedAnew();
  if (really && !again) Prepare(config);
  if (crashes > 0) sys::Log("process-one.again", {{"crashes", crashes}});
  // Both need a /proc.
  config.arguments = OwnArguments();
  if (really) CatchCrashes(config.arguments);
  if (machine) {
    const KernelWords words = OurKernelWords();
    UseKernelWords(words, config);
    if (words.rescue && !again) {
      Shell("a shell, as the kernel's command line asks");
    }
  }
  if (crashes >= kMaxCrashes) {
    // Nobody sits in front of a container; who keeps it starts it again.
    if (!machine) return absl::InternalError("crashed too often");
    Shell("crashed too often; a shell, then another try");
  }
  for (;;) {
    if (machine) RepairTable(config);
    const absl::StatusOr<ServerEnd> end = RunServer(config);
    if (!end.ok() && machine) {
      Shell(end.status().message());
      continue;
    }
    TRY(end);
    if (really) EndEverything(config, *end);
    // Only a successor that cannot be executed leads here.
    if (machine) continue;
    return end->code;
  }
}

}  // namespace isinit
