package report

// labelCodes are the codes about labels outside C2PA. Nobody signed them: none is a failure.
var labelCodes = []Code{
	{"label.possible", Informational, "a label or a tool's trace says that the content may be generated", "consentry", "It decides nothing; ask where the file comes from."},
	{"label.malformed", Informational, "a label of generated content is broken or breaks its own rules", "GB 45438-2025, Appendix E", "Somebody meant to label the file, or changed the label: ask for the original."},
	{"label.decoderOnly", Informational, "the decoder's tags show what looks like a label, and our own reading of the container has none of the kind", "consentry", "A hint, told from FFmpeg's tags: look at the file's metadata yourself, and tell us of the file."},
	{"label.clash", Informational, "two statements about the origin contradict each other", "consentry", "One of them is wrong or was put there later: ask both of whom the file speaks."},
}
