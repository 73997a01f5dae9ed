// Command hostile is a detector that misbehaves, in the way that its argument names. The tests of package detector build
// it; it is no example of how to write one.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const hello = `{"type":"hello","protocol":"consentry.detector/1","name":"hostile","version":"0","algs":["com.example.mark.1"],"wants":{"planes":["y","cb","cr"],"frames":"all"},"network":false}`

func main() {
	mode := os.Args[1]
	if mode == "take 192 MiB" {
		b := make([]byte, 192<<20)
		for i := range b {
			b[i] = 1
		}
		time.Sleep(time.Hour)
		fmt.Println(b[0])
	}
	greeting := hello
	switch mode {
	case "mute":
		time.Sleep(time.Hour)
	case "no hello":
		greeting = `{"type":"done","frames":0}`
	case "garbage":
		greeting = "\x00\xff this is no JSON"
	case "network":
		greeting = strings.Replace(hello, `"network":false`, `"network":true`, 1)
	case "endless line":
		for {
			fmt.Print(strings.Repeat("x", 4096))
		}
	case "exit":
		fmt.Fprintln(os.Stderr, "no licence\x1b[31m")
		os.Exit(3)
	case "sees little":
		greeting = strings.Replace(strings.Replace(hello, `"y","cb","cr"`, `"y"`, 1), `"frames":"all"`, `"frames":"keys","maxSide":32,"fps":2`, 1)
	}
	fmt.Println(greeting)
	switch mode {
	case "hog":
		for { // from the system: Go's own heap does not always live to say that there is no more
			b, err := syscall.Mmap(-1, 0, 32<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(2)
			}
			for i := range b {
				b[i] = 1
			}
		}
	case "deaf":
		time.Sleep(time.Hour)
	case "leaves children":
		c := exec.Command("/bin/sleep", "3600")
		c.Stdin, c.Stderr = os.Stdin, os.Stderr
		c.Stdout = os.Stdout // which keeps the conversation open
		if err := c.Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(4)
		}
		fmt.Println(`{"type":"done","frames":0}`)
		time.Sleep(time.Hour)
	}
	if mode == "hog together" {
		for range 6 {
			c := exec.Command("/proc/self/exe", "take 192 MiB")
			c.Env, c.Stdin, c.Stderr = []string{}, os.Stdin, os.Stderr
			if err := c.Start(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(4)
			}
		}
		time.Sleep(time.Hour)
	}
	shown, frames := listen(mode)
	switch mode {
	case "changes":
		fmt.Printf("{\"type\":\"finding\",\"claim\":\"hint\",\"text\":\"%d\"}\n", time.Now().UnixNano())
	case "echoes":
		if strings.Contains(shown, "expects") {
			fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.mark.1","message":"5ac3","falsePositiveBound":1e-9}`)
		}
	case "false alarm": // by the parity of a pixel
		if i := strings.LastIndex(shown, ";"); i > 0 && shown[i-1]%2 == 0 && strings.Contains(shown, "y320x192") {
			fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.mark.1","falsePositiveBound":1e-9}`)
		}
	case "crash":
		panic("a bug of the vendor's")
	case "hang":
		time.Sleep(time.Hour)
	case "silent":
		os.Exit(0)
	case "flood":
		for {
			fmt.Println(`{"type":"finding","claim":"hint"}`)
		}
	case "babble":
		for {
			fmt.Println(`{"type":"finding","claim":"hint","text":"` + strings.Repeat("a", 500) + `"}` + strings.Repeat(" ", 30000))
		}
	case "foreign":
		fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.other.1","falsePositiveBound":1e-9}`)
	case "sure":
		fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.mark.1","falsePositiveBound":0}`)
	case "found":
		fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.mark.1","message":"beef","falsePositiveBound":1e-9,"spansMs":[[0,500]]}`)
	case "no message":
		fmt.Println(`{"type":"finding","claim":"mark-present","alg":"com.example.mark.1","falsePositiveBound":1e-9}`)
	case "generated":
		fmt.Println(`{"type":"finding","claim":"ai-declared","alg":"com.example.mark.1","message":"beef","subject":"Example Ltd","falsePositiveBound":1e-9}`)
	case "raised":
		fmt.Println(`{"type":"finding","claim":"ai-declared","alg":"com.example.mark.1","message":"beef","text":"trust me"}`)
	case "loose":
		fmt.Println(`{"type":"finding","claim":"ai-declared","alg":"com.example.mark.1","falsePositiveBound":1e-3}`)
	case "shown", "sees little", "reach", "dials":
		switch mode {
		case "reach":
			shown = reached()
		case "dials":
			shown = dialled(os.Args[2])
		}
		text, _ := json.Marshal(shown)
		fmt.Printf("{\"type\":\"finding\",\"claim\":\"hint\",\"text\":%s}\n", text)
	}
	if mode == "miscounts" {
		frames--
	}
	fmt.Printf("{\"type\":\"done\",\"frames\":%d}\n", frames)
	switch mode {
	case "after done":
		fmt.Println(`{"type":"finding","claim":"hint"}`)
	case "fails at last":
		os.Exit(5)
	case "lingers":
		os.Stdout.Close()
		time.Sleep(time.Hour)
	}
}

// listen reads to the end, and says in short what came.
func listen(mode string) (string, int) {
	r := bufio.NewReaderSize(os.Stdin, 1<<20)
	var shown []string
	frames := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil && mode == "carries on" {
			return "", frames
		}
		if err != nil {
			os.Exit(6)
		}
		var l struct {
			Type   string
			TimeMs int64
			Planes []struct {
				Name          string
				Width, Height int
			}
			Bytes  int64
			Expect []struct{ Alg, Value string }
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			os.Exit(7)
		}
		switch l.Type {
		case "begin":
			for _, e := range l.Expect {
				shown = append(shown, "expects "+e.Alg+"="+e.Value)
			}
			if mode == "early" {
				fmt.Println(`{"type":"done","frames":0}`)
				os.Exit(0)
			}
		case "frame":
			b := make([]byte, l.Bytes)
			if _, err := io.ReadFull(r, b); err != nil {
				os.Exit(8)
			}
			s := fmt.Sprintf("%d:", l.TimeMs)
			at := 0
			for _, p := range l.Planes {
				s += fmt.Sprintf(" %s%dx%d=%d,%d", p.Name, p.Width, p.Height, b[at], b[at+p.Width*p.Height-1])
				at += p.Width * p.Height
			}
			shown = append(shown, s)
			frames++
		case "end":
			return strings.Join(shown, "; "), frames
		}
	}
}

// reached is what a detector got at that it must not.
func reached() string {
	var got []string
	if len(os.Environ()) > 1 || len(os.Environ()) == 1 && os.Environ()[0] != "GOTRACEBACK=none" {
		got = append(got, "environment")
	}
	for _, name := range []string{"/etc/passwd", "/proc/1/environ", "/tmp"} {
		if f, err := os.Open(name); err == nil && name != "/proc/1/environ" {
			f.Close()
			got = append(got, name)
		}
	}
	if interfaces, err := net.Interfaces(); err == nil {
		for _, i := range interfaces {
			if i.Flags&net.FlagUp != 0 {
				got = append(got, "network "+i.Name)
			}
		}
	}
	if err := os.WriteFile("/dev/shm/reached", []byte("x"), 0o600); err == nil {
		got = append(got, "a file to write")
	}
	if got == nil {
		return "nothing"
	}
	return strings.Join(got, ", ")
}

// dialled tries every way to a socket of the file system, and says which led there.
func dialled(path string) string {
	var got []string
	say := func(what string, err error) {
		if err == nil {
			got = append(got, what)
		}
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		got = append(got, "a stream")
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	say("a socket of the network", err)
	if err == nil {
		syscall.Close(fd)
	}
	if pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0); err == nil {
		say("a datagram of a pair", syscall.Sendto(pair[0], []byte("x"), 0, &syscall.SockaddrUnix{Name: path + ".datagrams"}))
	}
	var parameters [120]byte
	_, _, errno := syscall.Syscall(ioUringSetup, 1, uintptr(unsafe.Pointer(&parameters)), 0)
	if errno != syscall.EPERM {
		got = append(got, "a ring: "+errno.Error())
	}
	for _, flags := range []uintptr{syscall.CLONE_NEWUSER, syscall.CLONE_NEWNET} {
		c := exec.Command("/bin/true")
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
		say("a namespace", c.Run())
		c = exec.Command("/bin/true")
		c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: flags}
		say("a namespace, later", c.Run())
	}
	if got == nil {
		return "nothing"
	}
	return strings.Join(got, ", ")
}

const ioUringSetup = 425 // on every machine
