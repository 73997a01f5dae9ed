package consent

import "time"

// TrustList says which issuers exist, with their keys, roles and subjects. The zero value trusts nobody.
// Consent format 1, 4.
type TrustList struct {
	Steward    string
	Sequence   int64
	Issued     time.Time
	NextUpdate time.Time // zero: none
	Entries    []*Issuer

	byID map[string]*Issuer
}

// Issuer is an entry of a trust list.
type Issuer struct {
	ID          string
	Name        string
	Roles       []string
	Keys        []*IssuerKey
	Mode        string // of its subjects: any, list, roster; empty: it speaks for nobody
	IDs         []string
	MaxLifetime int64 // seconds; 0: none of its own
	Signers     []SignerMatch

	ids map[string]struct{}
}

// IssuerKey is a key of an issuer with its window: from NotBefore inclusive to Expires exclusive.
type IssuerKey struct {
	Kid       string
	Key       *Key // nil: of a type that the format does not allow
	NotBefore *int64
	Expires   *int64
	RevokedAt *int64
	Use       []string // nil: all
}

// SignerMatch names claim signers of a provider; every member must match. Consent format 1, 5.
type SignerMatch struct {
	DN   map[string]string
	SPKI string
}
