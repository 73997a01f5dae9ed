//go:build linux

package jail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/consentry/consentry/internal/confine"
	"github.com/consentry/consentry/video"
)

// The tests are inside the package because a hostile child speaks the protocol, which is not exported.

// childArgument starts this test binary as a child with the behaviour that the next argument names.
const childArgument = "__child"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childArgument {
		os.Exit(children[os.Args[2]]())
	}
	os.Exit(m.Run())
}

// jailed is a decoder whose child behaves as named.
func jailed(t testing.TB, behaviour string) *Decoder {
	t.Helper()
	if children[behaviour] == nil {
		t.Fatalf("no behaviour %q", behaviour)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Decoder{Command: []string{exe, childArgument, behaviour}}
}

var children = map[string]func() int{
	"paint":    func() int { return Serve(painter{}) },
	"damaged":  func() int { return Serve(painter{damaged: true}) },
	"die":      func() int { return Serve(painter{then: func() { signalSelf(unix.SIGKILL) }}) },
	"segfault": func() int { return Serve(painter{then: func() { signalSelf(unix.SIGSEGV) }}) },
	"spin":     func() int { return Serve(painter{then: func() { spin() }}) },
	"panic":    func() int { return Serve(painter{then: func() { panic("a bug in the decoder") }}) },
	"hog":      func() int { return Serve(painter{then: hog}) },
	"exit":     func() int { return Serve(painter{then: func() { os.Exit(0) }}) },
	"fail": func() int {
		return Serve(painter{err: &video.Error{Reason: video.ReasonFormat, Detail: "no codec\x1b[31m"}})
	},
	"reach":               func() int { return Serve(painter{probe: reachedAll}) },
	"a child that forgot": func() int { return forgot() },
	"mute":                func() int { spin(); return 0 },
	"reach freely":        func() int { fmt.Println(reached()); return 0 },
	"never a child":       func() int { return 7 },
	"landlock alone":      landlockAlone,
	"seccomp alone":       seccompAlone,
	"an unwanted frame": func() int {
		return hostile(true, func(c *child) { describe(c); ringOf(c, 1<<20); _ = c.send(aPicture().append(nil)) })
	},
	"unwanted sound":         func() int { return hostile(true, speak(4096, func(*heard) {})) },
	"sound of another track": func() int { return hostile(true, speak(4096, func(*heard) {})) },
	"noise":                  func() int { return hostile(true, noise) },
	"without greeting":       func() int { return hostile(false, func(c *child) { _ = c.send(need{slot: 4096}.append(nil)) }) },
}

func init() {
	for name, h := range hostiles {
		children[name] = func() int { return hostile(true, h.say) }
	}
}

func signalSelf(s syscall.Signal) {
	_ = unix.Kill(os.Getpid(), s)
	select {}
}

func spin() {
	for i := 0; ; i++ { //nolint:all // on purpose
		if i < 0 {
			runtime.Gosched()
		}
	}
}

// hog takes memory and uses it, so that it is really there.
func hog() {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 512 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 1<<14 { // 16 GiB: the limit did not hold
			os.Exit(0)
		}
	}
}

const (
	painted       = 12 // frames
	paintedBefore = 3  // frames before "then"
)

// painter is a decoder without C: pictures of several shapes, made of the bytes of the source.
type painter struct {
	damaged bool
	then    func()
	err     error
	probe   func() string // its answer comes back as an error
}

func (p painter) Decode(_ context.Context, src video.Source, want video.Want, sink video.Sink) (*video.Result, error) {
	info := &video.Info{Format: src.Format, Duration: painted * time.Second, Tracks: []video.Track{
		{
			ID: -5, Kind: "video", Codec: "paint", Width: 40, Height: 30, Rotation: 270, Mirrored: true, SampleAspect: [2]int{4, 3},
			EditList: []video.Edit{{Duration: time.Second, MediaTime: -1, Rate: 1}}, Sample: video.Samples{Count: 3, First: 7, Last: 99},
		},
		{Index: 1, ID: 2, Kind: "audio", SampleRate: 48000, Channels: 2, Sample: video.Samples{First: -1, Last: -1}},
	}}
	if err := sink.Info(info); err != nil {
		return nil, err
	}
	res := &video.Result{Packets: painted, Samples: []video.Samples{{Count: 12, First: 0, Last: src.Size}}}
	if p.probe != nil {
		p.err = &video.Error{Reason: video.ReasonCrash, Detail: p.probe()}
	}
	if p.err != nil {
		return res, p.err
	}
	for i := range int64(painted) {
		if p.then != nil && i == paintedBefore {
			p.then()
		}
		f, err := paint(src, i)
		if err != nil {
			return res, err
		}
		if want.Mode != video.InfoOnly {
			if err := sink.Frame(f); err != nil {
				return res, err
			}
			res.Frames++
		}
		if want.Audio {
			if err := sink.Audio(sing(i)); err != nil {
				return res, err
			}
		}
	}
	res.Sound.Packets = 5
	if p.damaged {
		res.Broken = &video.Broken{Time: time.Second, Offset: 17, Why: "torn\n"}
		res.Sound.Broken = &video.Broken{Time: 2 * time.Second, Offset: -9, Why: "hoarse\t"}
		res.Sound.Failed = &video.Error{Reason: video.ReasonLimit, Detail: "too loud\a"}
	}
	return res, nil
}

// sing makes block i of sound: the sizes differ, some are larger than the pictures.
func sing(i int64) *video.Audio {
	a := &video.Audio{Index: i, Track: 1, Time: time.Duration(i) * time.Second, Rate: 8000 + int(i), Samples: 1 + int(i*i)*40, Corrupt: i == 7}
	for c := range 1 + int(i)%3 {
		p := make([]float32, a.Samples)
		for n := range p {
			p[n] = float32(n-c*3) / 1000
		}
		a.Planes = append(a.Planes, p)
	}
	return a
}

// paint makes frame i: the shapes differ, so that slots grow on the way, and the strides are odd.
func paint(src video.Source, i int64) (*video.Frame, error) {
	f := &video.Frame{
		Index: i, Time: time.Duration(i-1) * time.Second, Key: i%4 == 0, Corrupt: i == 5,
		Width: 16 + int(i)*3, Height: 9 + int(i)*2, BitDepth: []int{8, 10, 12}[i%3], Color: video.Color{Primaries: 1, Transfer: 2, Matrix: 300, FullRange: i%2 == 0},
	}
	planes := []*video.Plane{&f.Y, &f.Cb, &f.Cr}
	switch i % 4 {
	case 0:
		f.ChromaX, f.ChromaY = 1, 1
	case 1:
		f.ChromaX = 1
	case 2:
		planes = planes[:1]
	}
	for n, p := range planes {
		p.Width, p.Height = f.Width, f.Height
		if n > 0 {
			p.Width, p.Height = (f.Width+1<<f.ChromaX-1)>>f.ChromaX, (f.Height+1<<f.ChromaY-1)>>f.ChromaY
		}
		row := p.Width
		if f.BitDepth > 8 {
			row *= 2
		}
		p.Stride = row + int(i)
		p.Data = make([]byte, p.Stride*(p.Height-1)+row)
		if _, err := src.Data.ReadAt(p.Data, (i*1000+int64(n)*100)%max(src.Size-int64(len(p.Data)), 1)); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return f, nil
}

// noise sends one block of samples that are no numbers.
func noise(c *child) {
	describe(c)
	_, room, err := c.take(12)
	if err != nil {
		return
	}
	for i, v := range []uint32{0x7fc00001, 0xff800000, math.Float32bits(0.25)} {
		binary.LittleEndian.PutUint32(room[4*i:], v)
	}
	_ = c.send(heard{track: 1, tone: tone{rate: 8000, channels: 1, samples: 3}}.append(nil))
	_ = c.send(end{}.append(nil))
}

// hostile greets as a good child does, or not, and then says what it likes.
func hostile(greet bool, say func(*child)) int {
	c := &child{}
	cfg, err := c.greeted()
	if err != nil {
		return exitWrong
	}
	c.lim, c.size = cfg.limits, cfg.size
	if greet {
		if err := c.send(hello{}.append(nil)); err != nil {
			return exitWrong
		}
	}
	say(c)
	for { // stay, so that it is the message and not the end that is judged
		if _, _, err := c.receive(); err != nil {
			return 0
		}
	}
}

// reached tries what a decoder must not be able to do, and names what worked.
func reached() string {
	var worked []string
	try := func(name string, errno error) {
		if errno == nil {
			worked = append(worked, name)
		}
	}
	for _, f := range []string{"/etc/passwd", "/", "/proc/self/maps", "/proc/self/mem", "/dev/null", "/etc/ld.so.cache", "/tmp"} {
		fd, err := unix.Open(f, unix.O_RDONLY, 0)
		try("open "+f, err)
		_ = fd
	}
	escape := fmt.Sprintf("/tmp/consentry-escape-%d", os.Getpid())
	_, err := unix.Open(escape, unix.O_CREAT|unix.O_WRONLY, 0o600)
	try("create a file", err)
	try("remove", unix.Unlink(escape))
	try("make a folder", unix.Mkdir(escape, 0o700))
	_ = unix.Rmdir(escape)
	for name, domain := range map[string]int{"inet": unix.AF_INET, "inet6": unix.AF_INET6, "unix": unix.AF_UNIX, "netlink": unix.AF_NETLINK} {
		_, err := unix.Socket(domain, unix.SOCK_STREAM, 0)
		try("socket "+name, err)
	}
	_, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	try("socketpair", err)
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	try("fork", errnoError(errno))
	try("signal the parent", unix.Kill(os.Getppid(), 0))
	try("unshare", unix.Unshare(unix.CLONE_NEWUSER))
	try("ioctl", unix.IoctlSetInt(0, unix.TIOCSTI, 0))
	_, err = unix.MemfdCreate("x", 0)
	try("memfd", err)
	_, err = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	try("executable memory", err)
	raise := unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}
	_, _, errno = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_AS, uintptr(unsafe.Pointer(&raise)), 0, 0, 0)
	try("raise a limit", errnoError(errno))
	if e := os.Environ(); len(e) != 1 || !strings.HasPrefix(e[0], "GOTRACEBACK=") {
		worked = append(worked, fmt.Sprintf("environment of %d variables", len(e)))
	}
	return strings.Join(worked, "; ")
}

// reachedAll tries what would do harm outside of a jail, too: it stops the parent, and becomes another program, which
// returns only if it fails.
func reachedAll() string {
	worked := reached()
	if unix.PtraceAttach(os.Getppid()) == nil {
		worked += "; ptrace"
	}
	_ = unix.Exec("/bin/true", []string{"true"}, nil)
	return worked
}

// forgot is a program that uses the decoder and does not know of its subcommand. It greets, to be heard.
func forgot() int {
	_, err := (&Decoder{Command: os.Args}).Decode(context.Background(), video.Source{Data: strings.NewReader("x"), Size: 1, Format: "paint"}, video.Want{}, video.Sink{})
	return hostile(true, func(c *child) { _ = c.send(summary(nil, err, video.DefaultLimits).append(nil)) })
}

func errnoError(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// landlockAlone and seccompAlone show that each layer denies by itself: exit status 0 if it does.
func landlockAlone() int {
	runtime.LockOSThread()
	if err := confine.Restrict(confine.LandlockVersion(), nil); err != nil {
		fmt.Println(err)
		return 3
	}
	for _, f := range []string{"/etc/passwd", "/", "/usr/lib"} {
		if _, err := unix.Open(f, unix.O_RDONLY, 0); !errors.Is(err, unix.EACCES) {
			fmt.Println(f, err)
			return 1
		}
	}
	return 0
}

func seccompAlone() int {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 3
	}
	if err := confine.Calls(); err != nil {
		fmt.Println(err)
		return 3
	}
	denied := make(chan error)
	go func() { // on another thread than the one that put the filter on
		runtime.LockOSThread()
		_, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
		denied <- err
	}()
	if err := <-denied; !errors.Is(err, unix.EPERM) {
		fmt.Println("open", err)
		return 1
	}
	if _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		fmt.Println("socket", err)
		return 1
	}
	return 0
}
