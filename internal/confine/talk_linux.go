package confine

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrGone says that the parent has ended, or has closed its end of the socket.
var ErrGone = errors.New("the parent is gone")

// Send hands the parent a packet. The only error is [ErrGone].
func Send(message []byte) error {
	for {
		err := unix.Sendmsg(Socket, message, nil, nil, unix.MSG_NOSIGNAL)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return ErrGone
		}
	}
}

// Receive waits for a packet of the parent and puts it into buf; what does not fit is lost. The descriptor that came with
// it is -1 where none did. The only error is [ErrGone].
func Receive(buf []byte) (message []byte, descriptor int, err error) {
	var rights [64]byte
	for {
		n, rn, _, _, err := unix.Recvmsg(Socket, buf, rights[:], unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return nil, -1, ErrGone
		}
		return buf[:n], handed(rights[:rn]), nil
	}
}

// handed is the descriptor in a control message, or -1.
func handed(rights []byte) int {
	if len(rights) == 0 {
		return -1
	}
	if cs, err := unix.ParseSocketControlMessage(rights); err == nil && len(cs) == 1 {
		if fds, err := unix.ParseUnixRights(&cs[0]); err == nil && len(fds) == 1 {
			return fds[0]
		}
	}
	return -1
}
