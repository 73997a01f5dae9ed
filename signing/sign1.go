package signing

import (
	"bytes"
	"context"
	"fmt"
)

// Stamper gets a time-stamp for a message from an authority.
type Stamper interface {
	// Stamp returns a TimeStampToken (RFC 3161) whose imprint is of the message. See [NewTimestampRequest].
	Stamp(ctx context.Context, message []byte) ([]byte, error)
}

// SignOptions are what a signature may have beside the signer.
type SignOptions struct {
	Stamp Stamper // nil: no time-stamp
	// Size is the number of bytes that the result is padded to, so that a box can be reserved before it is signed;
	// 0: no padding. It is an error if the result does not fit.
	Size int
}

// Sign1 signs a claim: COSE_Sign1_Tagged with a detached payload, alg and x5chain protected, a sigTst2 where a Stamper
// is given, and zeros in pad. The claim is the content of its cbor box, byte for byte. C2PA 2.5, 12.3.
func Sign1(ctx context.Context, claim []byte, s *Signer, opt SignOptions) ([]byte, error) {
	protected := appendHead(nil, 5, 2)
	protected = appendInt(append(protected, labelAlg), s.number)
	protected = append(appendHead(protected, 0, labelX5Chain), s.chainHeader()...)

	signature, err := s.sign(toBeSigned("Signature1", protected, claim))
	if err != nil {
		return nil, err
	}
	field := append(appendHead(nil, 2, len(signature)), signature...)

	var headers [][]byte // of the unprotected bucket
	if opt.Stamp != nil {
		message := toBeSigned("CounterSignature", protected, field)
		token, err := opt.Stamp.Stamp(ctx, message)
		if err != nil {
			return nil, fmt.Errorf("time-stamp: %w", err)
		}
		if err := checkImprint(token, message); err != nil {
			return nil, fmt.Errorf("time-stamp: %w", err)
		}
		headers = append(headers, stampHeader(token))
	}
	out := assemble(protected, headers, field)
	if opt.Size == 0 {
		return out, nil
	}
	pads, ok := padding(opt.Size - len(out))
	if !ok {
		return nil, fmt.Errorf("the signature has %d bytes and cannot be padded to %d", len(out), opt.Size)
	}
	return assemble(protected, append(headers, pads...), field), nil
}

// assemble writes the COSE_Sign1_Tagged. The unprotected map has at most 23 entries, so its head has one byte.
func assemble(protected []byte, headers [][]byte, signature []byte) []byte {
	out := []byte{0xd2, 0x84}
	out = append(appendHead(out, 2, len(protected)), protected...)
	out = appendHead(out, 5, len(headers))
	out = append(out, bytes.Join(headers, nil)...)
	out = append(out, 0xf6) // detached
	return append(out, signature...)
}

// stampHeader is sigTst2: { tstTokens: [ { val: token } ] }. C2PA 2.5, 10.3.2.5.
func stampHeader(token []byte) []byte {
	b := appendText(nil, sourceHeader2)
	b = appendText(appendHead(b, 5, 1), "tstTokens")
	b = appendText(appendHead(appendHead(b, 4, 1), 5, 1), "val")
	return append(appendHead(b, 2, len(token)), token...)
}

// padding returns header parameters pad, and pad2 where one head cannot make the number, that take exactly n bytes.
func padding(n int) ([][]byte, bool) {
	if n == 0 {
		return nil, true
	}
	if p, ok := pad("pad", n); ok {
		return [][]byte{p}, true
	}
	// A length between two sizes of head: an empty pad takes 5 bytes off.
	small, _ := pad("pad", 5)
	if p, ok := pad("pad2", n-len(small)); ok {
		return [][]byte{small, p}, true
	}
	return nil, false
}

// pad returns a parameter of zeros that takes exactly n bytes; false: there is none of that size.
func pad(name string, n int) ([]byte, bool) {
	label := appendText(nil, name)
	for _, head := range []int{1, 2, 3, 5} {
		zeros := n - len(label) - head
		if zeros >= 0 && len(appendHead(nil, 2, zeros)) == head {
			return append(appendHead(label, 2, zeros), make([]byte, zeros)...), true
		}
	}
	return nil, false
}

func appendText(b []byte, s string) []byte { return append(appendHead(b, 3, len(s)), s...) }

func appendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, 1, int(-1-n))
	}
	return appendHead(b, 0, int(n))
}
