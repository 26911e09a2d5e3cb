/* no-entry.c - exports something else. */
int not_the_entry(void);
__attribute__((visibility("default"))) int not_the_entry(void)
{
    return 1;
}
