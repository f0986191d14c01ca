module resident

go 1.22
