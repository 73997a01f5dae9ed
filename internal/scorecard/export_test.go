package scorecard

var TooMany = tooMany
