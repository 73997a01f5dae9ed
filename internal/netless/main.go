//go:build linux

// Command netless runs a command in an empty network namespace: nothing but the loopback interface, which is up. The
// tests run in it, so that none of them can reach the network, and nothing that they verify can either.
//
// Usage: netless COMMAND [ARGUMENT…]. Where the kernel refuses a namespace it exits with 125 and runs nothing.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside marks the second start of the program, which is in the namespace.
const inside = "NETLESS_INSIDE"

// refused is the exit status where there is no namespace.
const refused = 125

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: netless COMMAND [ARGUMENT…]")
		os.Exit(refused)
	}
	if os.Getenv(inside) == "" {
		os.Exit(outside())
	}
	fmt.Fprintln(os.Stderr, "netless:", enter())
	os.Exit(refused)
}

// outside starts the program again in namespaces of its own and gives the status of the command.
func outside() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 { // an ordinary user gets a network namespace only inside a user namespace
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "netless: no network namespace:", err)
		return refused
	}
	return 0
}

// enter brings the loopback interface up, looks whether it is the only one, and becomes the command.
func enter() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr); err != nil {
		return fmt.Errorf("bringing the loopback interface up: %w", err)
	}
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			return fmt.Errorf("the namespace has the interface %s", i.Name)
		}
	}
	// The command is to have no more rights than its caller.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	path, err := exec.LookPath(os.Args[1])
	if err != nil {
		return err
	}
	env := os.Environ()[:0:0]
	for _, e := range os.Environ() {
		if e != inside+"=1" {
			env = append(env, e)
		}
	}
	return syscall.Exec(path, os.Args[1:], env)
}
