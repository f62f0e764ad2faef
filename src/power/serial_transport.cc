#include "power/serial_transport.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "base/status.h"
#include "power/serial_flags.h"
#include "sys/file.h"
#include "sys/process.h"

namespace power {
namespace {

speed_t SpeedOf(int baud) {
  switch (baud) {
    case 300:
      return B300;
    case 600:
      return B600;
    case 1200:
      return B1200;
    case 2400:
      return B2400;
    case 4800:
      return B4800;
    case 19200:
      return B19200;
    case 38400:
      return B38400;
    case 57600:
      return B57600;
    case 115200:
      return B115200;
    case 230400:
      return B230400;
    case 460800:
      return B460800;
    default:
      return B9600;
  }
}

// Raw, without control by a modem: most devices have three wires.
void Apply(const SerialFlags& flags, termios& settings) {
  cfmakeraw(&settings);
  settings.c_cflag &=
      ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag |= flags.data_bits == 7 ? CS7 : CS8;
  if (flags.parity != 'n') settings.c_cflag |= PARENB;
  if (flags.parity == 'o') settings.c_cflag |= PARODD;
  if (flags.stop_bits == 2) settings.c_cflag |= CSTOPB;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  cfsetispeed(&settings, SpeedOf(flags.baud));
  cfsetospeed(&settings, SpeedOf(flags.baud));
}

Failure Busy(const std::string& path, absl::string_view who) {
  return {FailureClass::kBusy, absl::StrCat(path, ": is in use by ", who)};
}

}  // namespace

SerialTransport::SerialTransport(sys::Loop& loop, std::string line,
                                 std::string flags, std::string locks)
    : path_(std::move(line)),
      flags_(std::move(flags)),
      locks_(std::move(locks)),
      line_(loop) {}

SerialTransport::~SerialTransport() {
  // What was sent has had its time; what was not would keep us waiting.
  if (before_.has_value()) {
    tcflush(settings_fd_.get(), TCIOFLUSH);
    tcsetattr(settings_fd_.get(), TCSANOW, &*before_);
  }
  line_.Close();
  if (!lock_file_.empty()) unlink(lock_file_.c_str());
}

void SerialTransport::Start(Events events) {
  line_.Listen(std::move(events));
  auto fd = std::make_shared<sys::Fd>();
  const std::optional<Failure> failure = Open(fd.get());
  line_.Soon([this, failure, fd] {
    if (failure.has_value()) return line_.End(failure);
    line_.Open(std::move(*fd));
  });
}

std::optional<Failure> SerialTransport::Open(sys::Fd* fd) {
  // O_NONBLOCK: else a line without a carrier would keep us waiting.
  absl::StatusOr<sys::Fd> opened =
      sys::Open(path_, O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (!opened.ok()) {
    return Failure{absl::IsPermissionDenied(opened.status())
                       ? FailureClass::kConfig
                       : FailureClass::kUnreachable,
                   absl::StrCat("open: ", opened.status().message())};
  }
  if (!isatty(opened->get())) {
    return Failure{FailureClass::kConfig,
                   absl::StrCat(path_, ": is not a terminal line")};
  }
  if (flock(opened->get(), LOCK_EX | LOCK_NB) != 0) {
    return Busy(path_, "another process");
  }
  if (auto busy = Lock()) return busy;
  if (auto failure = Set(opened->get())) return failure;
  settings_fd_ = sys::Fd(fcntl(opened->get(), F_DUPFD_CLOEXEC, 0));
  *fd = *std::move(opened);
  return std::nullopt;
}

// LCK..ttyS0 holds its owner's number, ten characters and a line end
// (Filesystem Hierarchy Standard 3.0, section 5.9).
std::optional<Failure> SerialTransport::Lock() {
  const std::string file =
      absl::StrCat(locks_, "/LCK..", path_.substr(path_.rfind('/') + 1));
  const std::string ours = absl::StrFormat("%10d\n", sys::MyPid());
  for (int tries = 0; tries < 3; tries++) {
    const absl::Status made = sys::CreateFile(file, ours);
    if (made.ok()) {
      lock_file_ = file;
      return std::nullopt;
    }
    if (!absl::IsAlreadyExists(made)) return std::nullopt;
    int pid = 0;
    const absl::StatusOr<std::string> text = sys::ReadFile(file, 64);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok() || !absl::SimpleAtoi(*text, &pid) || pid <= 0 ||
        kill(pid, 0) == 0 || errno == EPERM) {
      return Busy(path_, pid > 0 ? absl::StrCat("process ", pid)
                                 : absl::StrCat("whoever made ", file));
    }
    unlink(file.c_str());  // of one that has ended
  }
  return Busy(path_, absl::StrCat("whoever makes ", file));
}

std::optional<Failure> SerialTransport::Set(int fd) {
  const absl::StatusOr<SerialFlags> flags = ParseSerialFlags(flags_);
  if (!flags.ok()) {
    return Failure{FailureClass::kConfig,
                   absl::StrCat(path_, ": ", flags.status().message())};
  }
  termios settings = {};
  if (tcgetattr(fd, &settings) != 0) {
    return Failure{FailureClass::kUnreachable,
                   std::string(base::SysError(path_).message())};
  }
  before_ = settings;
  Apply(*flags, settings);
  tcflush(fd, TCIOFLUSH);  // what came before belongs to nobody
  if (tcsetattr(fd, TCSANOW, &settings) != 0) {
    return Failure{FailureClass::kConfig,
                   std::string(base::SysError(path_).message())};
  }
  return std::nullopt;
}

}  // namespace power
