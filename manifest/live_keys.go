package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/consentry/consentry/signing"
)

// rawCBOR is an item as it stands in the file.
type rawCBOR = cbor.RawMessage

// maxSessionKeys bounds the keys of one assertion; a stream has one for each track and some ahead.
const maxSessionKeys = 256

// sessionKeysMap is the list of the keys that sign segments:
//
//	session-keys-map = { keys: [1* { key: COSE_Key, minSequenceNumber: uint, createdAt: tdate, validityPeriod: uint,
//	                                 signerBinding: COSE_Sign1_Tagged }] }
//
// C2PA 2.5, 15.5.1.
type sessionKeysMap struct {
	Keys sessionKeyList `cbor:"keys"`
}

type sessionKeyEntry struct {
	Key      rawCBOR `cbor:"key"`
	Min      *int64  `cbor:"minSequenceNumber"`
	Created  rawCBOR `cbor:"createdAt"`
	Validity *int64  `cbor:"validityPeriod"`
	Binding  rawCBOR `cbor:"signerBinding"`
}

type sessionKeyList []sessionKeyEntry

// UnmarshalCBOR counts the entries while it reads them.
func (l *sessionKeyList) UnmarshalCBOR(b []byte) error {
	return decodeList(b, maxSessionKeys, (*[]sessionKeyEntry)(l))
}

// sessionKey is a key that the signer of a manifest vouches for.
type sessionKey struct {
	*signing.SessionKey
	min      int64
	created  time.Time
	validity time.Duration
}

// takeKeys takes the session keys of a manifest in place of those before; a manifest without any leaves them. A key that
// breaks the rules is not used. C2PA 2.5, 15.8.3.
func (k *liveCheck) takeKeys(res *Result) {
	list := res.Active.AssertionsOf(labelSessionKeys)
	if len(list) == 0 {
		return
	}
	k.keys, k.keyOf = nil, res.Active.Label
	bad := func(format string, args ...any) { k.fail(codeLiveKey, list[0].URI, format, args...) }
	if len(list) > 1 {
		bad("%d lists of session keys; there can be one", len(list))
		return
	}
	s := res.Active.Signature
	if !list[0].Intact || list[0].ContentType != "cbor" || s == nil || !s.Validated || len(s.Chain) == 0 {
		bad("the session keys are not those that were signed")
		return
	}
	var m sessionKeysMap
	if err := bindingCBOR.Unmarshal(list[0].Payload, &m); err != nil || len(m.Keys) == 0 {
		bad("the list of session keys breaks the rules")
		return
	}
	for i, e := range m.Keys {
		key, err := e.read(s.Chain[0].Raw)
		if err != nil {
			bad("session key %d: %v", i, err)
			continue
		}
		for _, have := range k.keys {
			if bytes.Equal(have.ID, key.ID) {
				bad("session key %d: its kid stands twice", i)
				key = nil
				break
			}
		}
		if key != nil {
			k.keys = append(k.keys, *key)
		}
	}
}

// read holds one key against the rules and against the certificate of the manifest's signer.
func (e *sessionKeyEntry) read(certificate []byte) (*sessionKey, error) {
	const mostSeconds = 100 * 366 * 24 * 3600
	if e.Min == nil || *e.Min < 0 || e.Validity == nil || *e.Validity < 0 || *e.Validity > mostSeconds || len(e.Key) == 0 || len(e.Binding) == 0 {
		return nil, errors.New("key, minSequenceNumber, validityPeriod or signerBinding is missing or no such number")
	}
	var tag cbor.RawTag
	var text string
	if err := bindingCBOR.Unmarshal(e.Created, &tag); err != nil || tag.Number != 0 {
		return nil, errors.New("createdAt is no date (CBOR tag 0)")
	}
	if err := bindingCBOR.Unmarshal(tag.Content, &text); err != nil {
		return nil, errors.New("createdAt is no date")
	}
	created, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, errors.New("createdAt is no date")
	}
	key, err := signing.ParseSessionKey(e.Key)
	if err != nil {
		return nil, err
	}
	if err := key.VouchedBy(e.Binding, certificate); err != nil {
		return nil, fmt.Errorf("it does not belong to the signer: %w", err)
	}
	return &sessionKey{key, *e.Min, created, time.Duration(*e.Validity) * time.Second}, nil
}

// keyFor finds the key that a statement names and checks its signature; why says in words what is wrong.
func keyFor(keys []sessionKey, info *signing.SegmentInfo) (key *sessionKey, why string) {
	if len(keys) == 0 {
		return nil, "no session key that holds"
	}
	for i := range keys {
		if !info.Fits(keys[i].SessionKey) {
			continue
		}
		if err := info.Verify(keys[i].SessionKey); err != nil {
			return nil, fmt.Sprintf("the signature of the statement about it does not verify: %v", err)
		}
		return &keys[i], ""
	}
	return nil, "the statement about it names a key that the manifest does not have"
}
