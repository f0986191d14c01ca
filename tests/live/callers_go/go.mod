module callers

go 1.22
