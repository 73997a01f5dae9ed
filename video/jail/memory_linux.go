package jail

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// shared is memory that parent and child both see. The parent makes it and seals its size: a child that could shrink it
// would take the ground from under the parent's reads.
type shared struct {
	file *os.File
	data []byte
}

// newShared makes and maps memory; writable says whether this process may write to its own view. Pages come into being
// when they are first touched.
func newShared(name string, size int64, writable bool) (*shared, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("shared memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if err := unix.Ftruncate(fd, size); err != nil {
		f.Close()
		return nil, fmt.Errorf("shared memory of %d bytes: %w", size, err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, fmt.Errorf("sealing shared memory: %w", err)
	}
	prot := unix.PROT_READ
	if writable {
		prot |= unix.PROT_WRITE
	}
	m, err := unix.Mmap(fd, 0, int(size), prot, unix.MAP_SHARED)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("mapping shared memory: %w", err)
	}
	return &shared{file: f, data: m}, nil
}

func (s *shared) free() {
	if s == nil {
		return
	}
	if s.data != nil {
		_ = unix.Munmap(s.data) // our own mapping: cannot fail but for a bug of ours
		s.data = nil
	}
	s.file.Close()
}
