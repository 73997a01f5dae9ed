package report

// metadataCodes are those about declarations of people outside the consent assertion. None raises a person's state.
var metadataCodes = []Code{
	{"consent.metadata.person", Informational, "metadata name a depicted person", "consent format 1, 9", "A name is no consent; ask the provider for a token of that person."},
	{"consent.metadata.minor", Informational, "metadata give a minor's age", "consent format 1, 9", "Everybody in the file is judged as a minor: a guardian must have granted it."},
	{"consent.metadata.training", Informational, "an assertion speaks of training on the content", "consent format 1, 9", "It can forbid training; only the token of a person can allow it for that person."},
	{"consent.metadata.otherScheme", Informational, "an assertion of another consent scheme", "consent format 1, 9", "Nothing rests on it; ask the provider for consent tokens."},
	{"consent.metadata.unreadable", Informational, "metadata that cannot be read", "consent format 1, 9", "What they say of people and of the origin is not known: look at them with an editor of metadata."},
}
