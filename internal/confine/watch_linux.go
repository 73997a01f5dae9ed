package confine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel's limits are of each process, and a child that may start others gets them as often as it likes. A group of
// processes has limits in cgroups only, which need a privilege; so the parent looks, and ends all that became too much.

// watchEvery is the time between two looks. A look at a few processes takes less than a millisecond.
const watchEvery = 100 * time.Millisecond

// Watch ends the child once it and all that it started have more than so many threads together, or so many bytes of
// memory that belongs to them alone; pages that processes share since a fork count for each. Between two looks it may
// have more. The error says why nobody can look here.
func (p *Process) Watch(threads int, memory int64) error {
	if _, err := os.ReadFile("/proc/thread-self/children"); err != nil { // a kernel without CONFIG_PROC_CHILDREN
		return fmt.Errorf("the children of a process cannot be seen: %w", err)
	}
	if n, _ := family(p.cmd.Process.Pid, threads); n == 0 && !p.reaped() { // /proc is mounted with hidepid
		return errors.New("the child cannot be seen in /proc")
	}
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.done:
				return
			case <-tick.C:
			}
			n, bytes := family(p.cmd.Process.Pid, threads)
			why := ""
			switch {
			case n > threads:
				why = fmt.Sprintf("the %s and what it started have more than %d threads", p.role, threads)
			case bytes > memory:
				why = fmt.Sprintf("the %s and what it started have more than %d bytes of memory together", p.role, memory)
			default:
				continue
			}
			p.mu.Lock()
			p.excess = why
			p.mu.Unlock()
			p.Kill()
			return
		}
	}()
	return nil
}

// family counts the threads of a process and of its descendants, up to one more than most, and the memory of those that
// it came to. Who ends meanwhile counts for nothing.
func family(pid, most int) (threads int, memory int64) {
	for list := []int{pid}; len(list) > 0 && threads <= most; list = list[1:] {
		folder := fmt.Sprintf("/proc/%d", list[0])
		memory += resident(folder + "/status")
		d, err := os.Open(folder + "/task")
		if err != nil {
			continue
		}
		names, _ := d.Readdirnames(most + 1 - threads)
		d.Close()
		threads += len(names)
		for _, thread := range names {
			children, err := os.ReadFile(folder + "/task/" + thread + "/children")
			if err != nil {
				continue
			}
			for _, s := range strings.Fields(string(children)) {
				if n, err := strconv.Atoi(s); err == nil && len(list) <= most+1 {
					list = append(list, n)
				}
			}
		}
	}
	return threads, memory
}

// resident is the memory of a process that no file stands behind.
func resident(status string) (bytes int64) {
	f, err := os.Open(status)
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		if name != "RssAnon" && name != "RssShmem" {
			continue
		}
		if kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64); err == nil {
			bytes += kib << 10
		}
	}
	return bytes
}

// Fork bounds the threads of this process's user, in its user namespace, so that no more come into being between two
// looks of [Process.Watch]. It holds for nobody whom the system calls root outside, and kernels before 5.14 would count
// all that the user runs elsewhere: there it does nothing.
func Fork(threads int) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); err != nil || major < 5 || major == 5 && minor < 14 {
		return nil
	}
	return lower(unix.RLIMIT_NPROC, uint64(threads))
}
