module jet-operator.io/pause

go 1.24
