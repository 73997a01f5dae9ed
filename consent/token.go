package consent

// Token is the content of a consent token. Its members are the issuer's words only where the signature was verified.
// A nil slice is a member that is not there. Consent format 1, 3.
type Token struct {
	Alg, Typ, Kid string // of the header

	Issuer        string // iss
	Subject       string // sub, scheme:id
	SubjectCommit string // sub_commit
	SubjectSalt   string // sub_salt, base64url
	Audience      []string
	ID            string // jti
	IssuedAt      *int64 // iat, seconds since 1970
	Expires       *int64 // exp
	NotBefore     *int64 // nbf
	Confirmation  *Confirmation
	Status        *StatusRef
	Consent       *Scope

	salt []byte // SubjectSalt, decoded; nil where it is not 16 bytes
}

// Confirmation is `cnf`: the key that must have signed the claim.
type Confirmation struct {
	JKT     string
	X5T     string
	SPKI    []string
	Unknown []string // names of further members, none of which can match
}

// StatusRef says where the token's status stands. Consent format 1, 6.
type StatusRef struct {
	Index int64
	URI   string
}

// AssetRef names the content that a clearance is for.
type AssetRef struct{ Alg, Hash, Of string }

// Scope is the member `consent`: what is granted, cleared or refused. Consent format 1, 3.
type Scope struct {
	Type          string
	Modality      []string
	Operation     []string
	Purpose       []string
	Territory     []string // nil: *
	Channel       []string // nil: any
	Works         []string // nil: any
	Exclude       []string
	PermitContent []string
	Training      string // empty: deny
	SubjectStatus string
	Authority     string
	Custody       string
	Assurance     string
	// Licence, Compensation, Representation and UseDigest are reported; a policy may require them.
	Licence        *Licence
	Compensation   string
	Representation string
	UseDigest      string
	PostRevocation string // empty: survive
	MaxUses        *int64
	RequestID      string
	Asset          *AssetRef
	Regions        []string
	Chain          []string // delegations, root first
}

// Licence points at the contract behind a token.
type Licence struct{ URI, SHA256 string }
