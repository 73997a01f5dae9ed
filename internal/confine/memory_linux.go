package confine

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Shared is memory that parent and child both see. The parent makes it and seals its size: a child that could shrink it
// would take the ground from under the parent's reads.
type Shared struct {
	File *os.File // to be handed to the child
	Data []byte   // this process's view; nil after Free
}

// NewShared makes and maps memory; writable says whether this process may write to its own view. Pages come into being
// when they are first touched.
func NewShared(name string, size int64, writable bool) (*Shared, error) {
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
	return &Shared{File: f, Data: m}, nil
}

// Free unmaps and closes the memory. A nil Shared has nothing to free.
func (s *Shared) Free() {
	if s == nil {
		return
	}
	if s.Data != nil {
		_ = unix.Munmap(s.Data) // our own mapping: cannot fail but for a bug of ours
		s.Data = nil
	}
	s.File.Close()
}

// NewSealed copies bytes, to the end of r, into memory that nobody can change afterwards, this process included, and
// returns a file of it to be handed to the child. A copy that was checked stays what was checked.
func NewSealed(name string, r io.Reader) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC) // a library is code
	if err == unix.EINVAL {
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING) // a kernel before 6.3
	}
	if err != nil {
		return nil, fmt.Errorf("sealed memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return nil, fmt.Errorf("sealed memory: %w", err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, fmt.Errorf("sealing memory: %w", err)
	}
	return f, nil
}
