package consent

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// StatusInput says how a status list is signed, and for how long it is fresh.
type StatusInput struct {
	Key *PrivateKey
	Kid string // empty: the key's own, or its RFC 7638 thumbprint
	// Expires is a time, a day, or a span from now such as +30d; TTL is in seconds. Readers take the earlier of both.
	// At least one is needed for a new list; a changed one stays fresh for as long as it was.
	Expires string
	TTL     int64
	Now     time.Time
	// SignedBy is the key that must have signed a list that is changed; nil: the one that signs now.
	SignedBy *Key
}

// values of a status by the words that people use.
var statusWords = map[string]byte{"valid": statusValid, "invalid": statusInvalid, "suspended": statusSuspended}

// StatusChange sets the status of a token.
type StatusChange struct {
	Index int64
	To    string // valid, invalid, suspended
}

func refuseList(format string, args ...any) error {
	return &RefusedError{"status list", []string{fmt.Sprintf(format, args...)}}
}

// BuildStatusList makes a status list of size tokens, all valid. bits is 1, or 2 for a list that can suspend.
// draft-ietf-oauth-status-list-21, 5; consent format 1, 6.
func BuildStatusList(uri string, size int64, bits int, in StatusInput) (string, error) {
	switch {
	case !strings.Contains(uri, ":"):
		return "", refuseList("%q is no URI", clip(uri))
	case bits != 1 && bits != 2:
		return "", refuseList("a status takes 1 bit (valid, invalid) or 2 (and suspended)")
	case size < 1 || size > maxStatusInflated*8/int64(bits):
		return "", refuseList("%d tokens; there is room for 1 to %d", size, maxStatusInflated*8/bits)
	}
	data := make([]byte, (size*int64(bits)+7)/8)
	return in.sign(uri, int64(bits), data, nil)
}

// ChangeStatusList sets statuses in a list that the same key signed, and signs it anew.
func ChangeStatusList(list string, changes []StatusChange, in StatusInput) (string, error) {
	l, data, err := openList(list)
	if err != nil {
		return "", err
	}
	signer := in.SignedBy
	if signer == nil {
		signer = in.Key.Public
	}
	if !signer.verify(l.alg, l.c.input, l.c.signature) {
		return "", refuseList("the key did not sign the list that is to be changed: somebody else's may not be taken over")
	}
	for _, c := range changes {
		v, ok := statusWords[c.To]
		at := c.Index * l.bits
		switch {
		case !ok:
			return "", refuseList("%q is not valid, invalid or suspended", clip(c.To))
		case v == statusSuspended && l.bits == 1:
			return "", refuseList("a list of 1 bit cannot suspend: make one of 2 bits")
		case c.Index < 0 || c.Index > maxStatusInflated*8 || at/8 >= int64(len(data)):
			return "", refuseList("the list has no token %d; it has %d", c.Index, int64(len(data))*8/l.bits)
		}
		mask := byte(1<<l.bits-1) << (at % 8)
		data[at/8] = data[at/8]&^mask | v<<(at%8)
	}
	if in.Now.Unix() < l.iat {
		return "", refuseList("the list is of a later time (%s)", time.Unix(l.iat, 0).UTC().Format(time.RFC3339))
	}
	var life *int64
	if in.Expires == "" && in.TTL == 0 {
		if exp, ok := l.c.payload.get("exp").integer(); ok {
			exp -= l.iat
			life = &exp
		}
		in.TTL, _ = l.c.payload.get("ttl").integer()
	}
	return in.sign(l.uri, l.bits, data, life)
}

// sign makes the token, and reads every status back. life is the span to exp where Expires does not say it.
func (in StatusInput) sign(uri string, bits int64, data []byte, life *int64) (string, error) {
	payload := value{kind: jsonObject}.with("sub", textValue(uri)).with("iat", numberValue(in.Now.Unix()))
	switch {
	case in.Expires != "":
		at, ok := readDate(in.Expires, in.Now)
		if !ok || !at.After(in.Now) {
			return "", refuseList("it ends at %q, which is no later time", clip(in.Expires))
		}
		payload = payload.with("exp", numberValue(at.Unix()))
	case life != nil:
		payload = payload.with("exp", numberValue(in.Now.Unix()+*life))
	case in.TTL == 0:
		return "", refuseList("neither an end nor a ttl: nobody could tell how long it holds")
	}
	if in.TTL < 0 || in.TTL > maxDate {
		return "", refuseList("a ttl of %d seconds", in.TTL)
	}
	if in.TTL > 0 {
		payload = payload.with("ttl", numberValue(in.TTL))
	}
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	payload = payload.with("status_list", value{kind: jsonObject}.
		with("bits", numberValue(bits)).
		with("lst", textValue(base64.RawURLEncoding.EncodeToString(packed.Bytes()))))
	raw, err := signCompact("statuslist+jwt", kidOf(in.Kid, in.Key), payload, in.Key)
	if err != nil {
		return "", err
	}
	l, back, err := openList(raw)
	if err != nil {
		return "", refuseList("%v", err)
	}
	if !slices.Equal(back, data) || !in.Key.Public.verify(l.alg, l.c.input, l.c.signature) || in.Now.Unix() >= l.until {
		return "", refuseList("it reads back otherwise")
	}
	return raw, nil
}

// openList reads a list and inflates it.
func openList(raw string) (*statusList, []byte, error) {
	l, bad := parseStatusList(strings.TrimSpace(raw))
	if bad != nil {
		return nil, nil, bad
	}
	data := l.inflate()
	if data == nil {
		return nil, nil, &SyntaxError{Offset: -1, Path: "payload.status_list.lst", Reason: fmt.Sprintf("cannot be inflated to at most %d bytes", maxStatusInflated), Large: l.large}
	}
	return l, data, nil
}

// StatusListShown is what a status list says.
type StatusListShown struct {
	URI       string    `json:"uri"`
	Kid       string    `json:"kid"`
	Bits      int64     `json:"bits"`
	Issued    time.Time `json:"issued"`
	Fresh     time.Time `json:"freshUntil"` // exclusive
	Size      int64     `json:"size"`       // tokens that it has room for
	Invalid   int64     `json:"invalid"`
	Suspended int64     `json:"suspended"`
	Other     int64     `json:"other"` // values that the format gives no meaning

	data []byte
}

// ShowStatusList reads a status list. Nothing of it is verified: whose key must have signed it hangs on the token.
func ShowStatusList(raw string) (*StatusListShown, error) {
	l, data, err := openList(raw)
	if err != nil {
		return nil, err
	}
	s := &StatusListShown{URI: l.uri, Kid: l.kid, Bits: l.bits, Issued: time.Unix(l.iat, 0).UTC(), Fresh: time.Unix(l.until, 0).UTC(), Size: int64(len(data)) * 8 / l.bits, data: data}
	mask := byte(1<<l.bits - 1)
	for _, b := range data {
		for at := int64(0); b != 0 && at < 8; at += l.bits {
			switch b >> at & mask {
			case statusValid:
			case statusInvalid:
				s.Invalid++
			case statusSuspended:
				s.Suspended++
			default:
				s.Other++
			}
		}
	}
	return s, nil
}

// At is the status of a token in words; false where the list does not reach so far.
func (s *StatusListShown) At(index int64) (string, bool) {
	if index < 0 || index >= s.Size {
		return "", false
	}
	v := s.data[index*s.Bits/8] >> (index * s.Bits % 8) & byte(1<<s.Bits-1)
	for word, is := range statusWords {
		if v == is {
			return word, true
		}
	}
	return fmt.Sprintf("%d, which has no meaning", v), true
}
